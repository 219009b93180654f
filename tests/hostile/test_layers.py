"""A worker that a document has taken over: each layer holds, the document has an outcome, another worker reads on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from services.chassis.errors import Transient
from services.classifier.reading import NoText, Reading, Text, Unreadable
from services.classifier.sandbox.confine import Layer
from services.classifier.sandbox.limits import MIB, Limits, Surroundings
from services.classifier.sandbox.pool import NotIsolated, Pool
from tests.hostile.support.watching import listening, resident_bytes, told, workers

BAD = "tests.hostile.support.bad_worker"
LIMITS = Limits(memory_bytes=192 * MIB, cpu_seconds=1, wall_seconds=45.0, most_characters=10_000, starved_share=2.0)
SHORT = Limits(memory_bytes=192 * MIB, cpu_seconds=1, wall_seconds=0.5, most_characters=10_000, starved_share=2.0)


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    async with Pool(LIMITS, 1, module=BAD) as pool:
        yield pool
    assert not workers()


@pytest.fixture
async def hasty() -> AsyncIterator[Pool]:
    async with Pool(SHORT, 1, module=BAD) as pool:
        yield pool
    assert not workers()


@contextmanager
def _busy(core: int) -> Iterator[None]:
    """Somebody else, of a session of their own, has this core."""
    spin = "import os; os.sched_setaffinity(0, {%d})\nwhile True: pass" % core  # noqa: UP031 - braces
    other = subprocess.Popen([sys.executable, "-c", spin], start_new_session=True)  # noqa: S603 - our own
    try:
        yield
    finally:
        other.kill()
        other.wait()


async def test_a_worker_that_gets_no_core_is_not_slow_and_its_document_is_tried_again_later() -> None:
    limits = replace(LIMITS, cpu_seconds=60, wall_seconds=2.0, starved_share=0.5)
    core = min(os.sched_getaffinity(0))
    async with Pool(limits, 1, Surroundings(nice=19), BAD) as pool:
        os.sched_setaffinity(await _pid(pool), {core})
        with _busy(core), pytest.raises(Transient, match="the machine is busy"):
            await told(pool, "spin")
    assert not workers()


async def _pid(pool: Pool) -> int:
    await told(pool, "echo ready")
    return workers()[0].pid


async def _is_replaced(pool: Pool, before: int) -> bool:
    now = await _pid(pool)
    return now != before and not psutil.pid_exists(before)


def _why(reading: Reading) -> Unreadable | str:
    return reading.why if isinstance(reading, NoText) else reading.text


ENDS = {
    "execute": Unreadable.UNREADABLE,
    "fork": Unreadable.UNREADABLE,
    "fork_for_ever": Unreadable.UNREADABLE,
    "trace 1": Unreadable.UNREADABLE,
    "kill 1": Unreadable.UNREADABLE,
    "crash": Unreadable.UNREADABLE,
    "leave 0": Unreadable.UNREADABLE,
    "leave 3": Unreadable.UNREADABLE,
    "answer_half": Unreadable.UNREADABLE,
    "answer_more_than_allowed": Unreadable.UNREADABLE,
    "print_much": Unreadable.UNREADABLE,
    "shut_up": Unreadable.UNREADABLE,
    "allocate 4096": Unreadable.TOO_MUCH_MEMORY,
    "share 4096": Unreadable.TOO_MUCH_MEMORY,
    "spin": Unreadable.TOO_SLOW,
    "spin_on_threads": Unreadable.TOO_SLOW,
}


@pytest.mark.parametrize(("deed", "outcome"), ENDS.items(), ids=str)
async def test_a_worker_that_does_what_it_must_not_is_ended_and_replaced(
    deed: str, outcome: Unreadable, pool: Pool
) -> None:
    before, memory, began = await _pid(pool), resident_bytes(), time.monotonic()
    assert _why(await told(pool, deed)) == outcome
    assert time.monotonic() - began < LIMITS.wall_seconds
    assert await _is_replaced(pool, before)
    assert resident_bytes() - memory < 16 * MIB


async def test_a_worker_that_starts_threads_for_ever_comes_to_an_end_of_them(hasty: Pool) -> None:
    before = await _pid(hasty)
    assert isinstance(await told(hasty, "start_threads_for_ever"), NoText)
    assert await _is_replaced(hasty, before)


async def test_a_worker_that_calls_a_server_is_ended_before_it_reaches_it(pool: Pool) -> None:
    async with listening() as callers:
        before = await _pid(pool)
        assert _why(await told(pool, f"connect {callers.port}")) == Unreadable.UNREADABLE
        assert await _is_replaced(pool, before)
    assert callers.calls == 0


async def test_a_worker_that_sleeps_for_ever_is_too_slow_and_replaced(hasty: Pool) -> None:
    before = await _pid(hasty)
    assert _why(await told(hasty, "sleep")) == Unreadable.TOO_SLOW
    assert await _is_replaced(hasty, before)


async def test_a_worker_that_is_stopped_is_too_slow_and_replaced(hasty: Pool) -> None:
    before = await _pid(hasty)
    assert _why(await told(hasty, f"get_lost {signal.SIGSTOP:d}")) == Unreadable.TOO_SLOW
    assert await _is_replaced(hasty, before)


async def test_a_worker_that_somebody_kills_is_replaced_and_its_document_read_by_another(pool: Pool) -> None:
    before = await _pid(pool)
    os.kill(before, signal.SIGKILL)
    assert _why(await told(pool, "echo still here")) == "still here"
    assert await _is_replaced(pool, before)


async def test_a_document_that_has_two_workers_killed_is_unreadable(pool: Pool) -> None:
    before = await _pid(pool)
    assert _why(await told(pool, f"get_lost {signal.SIGKILL:d}")) == Unreadable.UNREADABLE
    assert await _is_replaced(pool, before)


async def test_a_caller_that_is_cancelled_takes_the_worker_with_it(pool: Pool) -> None:
    before = await _pid(pool)
    caller = asyncio.ensure_future(told(pool, "sleep"))
    await asyncio.sleep(0)  # it has a worker now, and waits for an answer that never comes
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not psutil.pid_exists(before)
    assert await _is_replaced(pool, before)


async def test_a_pool_that_ends_while_documents_are_read_leaves_no_worker_and_gives_them_back() -> None:
    async with Pool(LIMITS, 2, module=BAD) as pool:
        await asyncio.gather(told(pool, "echo ready"), told(pool, "echo ready"))
        callers = [asyncio.ensure_future(told(pool, "sleep")) for _ in range(4)]
        await asyncio.sleep(0)
    for caller in callers:
        with pytest.raises(Transient):
            await caller
    assert not workers()


async def test_a_worker_that_has_read_enough_or_has_grown_is_replaced() -> None:
    for limits in (replace(LIMITS, documents=2), replace(LIMITS, recycle_bytes=32 * MIB)):
        async with Pool(limits, 1, module=BAD) as pool:
            before = await _pid(pool)
            assert _why(await told(pool, "echo one")) == "one"
            if limits.documents > 2:
                assert _why(await told(pool, "allocate 40")) == "40"
            assert await _is_replaced(pool, before)


@pytest.mark.parametrize("deed", ["look_for_nscd", "raise_limits", "run_code"])
async def test_what_a_library_may_try_is_refused_and_no_more(deed: str, pool: Pool) -> None:
    before = await _pid(pool)
    assert _why(await told(pool, deed)) == "refused"
    assert await _pid(pool) == before


async def test_a_worker_reads_no_file(pool: Pool, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("a canary")
    for path in (canary, "/etc/passwd", "/proc/1/environ", f"/proc/{os.getpid()}/environ", "/proc/self/environ", "/"):
        assert _why(await told(pool, f"read {path}")) == "refused"


async def test_a_worker_writes_no_file(pool: Pool, tmp_path: Path) -> None:
    for path in (tmp_path / "a", Path("/tmp/docuvault-was-here"), Path("/dev/shm/docuvault-was-here")):  # noqa: S108
        assert _why(await told(pool, f"write {path}")) == "refused"
        assert not path.exists()


async def test_a_worker_knows_no_secret_and_has_nothing_open_but_its_pipes(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")
    with (tmp_path / "open").open("w") as open_file:
        os.set_inheritable(open_file.fileno(), True)
        environment, state = await told(pool, "environment"), await told(pool, "state")
    assert isinstance(environment, Text)
    assert isinstance(state, Text)
    names = {line.partition("=")[0] for line in environment.text.splitlines()}
    assert names <= {"PYTHONPATH", "LC_ALL", "HOME", "TMPDIR", "LC_CTYPE", "KREUZBERG_CACHE_DIR", *OF_LIBRARIES}
    assert "hunter2" not in environment.text
    assert "ORT_DISABLE_TELEMETRY=1" in environment.text
    assert state.text.splitlines() == ["cwd /", *["pipe"] * 4]


OF_LIBRARIES = {
    "ORT_DISABLE_TELEMETRY",
    "MALLOC_ARENA_MAX",
    "OMP_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "TOKIO_WORKER_THREADS",
}


async def test_a_worker_is_in_a_session_of_its_own_where_no_terminal_reaches_it(pool: Pool) -> None:
    process_id = await _pid(pool)
    assert os.getsid(process_id) == process_id


async def test_what_a_worker_prints_beside_its_answers_holds_nobody_up(pool: Pool) -> None:
    assert _why(await told(pool, "complain_much")) == "complained"


async def test_without_a_filter_of_system_calls_the_other_layers_hold(tmp_path: Path) -> None:
    async with Pool(LIMITS, 1, module="tests.hostile.support.unfiltered_worker") as pool, listening() as callers:
        layers = await pool.check()
        assert Layer.SECCOMP not in layers
        if Layer.NAMESPACES in layers:
            assert _why(await told(pool, f"connect {callers.port}")) == Unreadable.UNREADABLE
            assert _why(await told(pool, f"send {callers.port}")) == Unreadable.UNREADABLE
            assert callers.calls == 0
        assert _why(await told(pool, "read /etc/passwd")) == "refused"
        assert _why(await told(pool, f"write {tmp_path / 'a'}")) == "refused"
        assert _why(await told(pool, f"kill {os.getpid()}")) == "refused"
        assert _why(await told(pool, "execute")) == Unreadable.UNREADABLE
    assert not workers()


async def test_all_layers_that_this_kernel_has_are_on_and_without_any_against_networks_none_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Pool(LIMITS, 1, module=BAD) as pool:
        layers = await pool.check()
        assert {Layer.SECCOMP, Layer.LANDLOCK, Layer.CAPABILITIES} <= set(layers)
    monkeypatch.setattr("services.classifier.sandbox.pool.WITHOUT_NETWORK", frozenset())
    async with Pool(LIMITS, 1, module=BAD) as pool:
        with pytest.raises(NotIsolated, match="neither seccomp nor a network namespace"):
            await pool.check()
    async with Pool(LIMITS, 1, Surroundings(must_be_isolated=False), BAD) as pool:
        assert await pool.check() == layers


async def test_a_parent_that_is_killed_leaves_no_worker(tmp_path: Path) -> None:
    told_file = tmp_path / "pids"
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.hostile.support.lonely_parent", str(told_file)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in (await parent.stdout.readline()).split()]
    orphans = [psutil.Process(pid) for pid in pids]
    assert len(orphans) == 2
    parent.kill()
    await parent.wait()
    _gone, alive = await asyncio.to_thread(psutil.wait_procs, orphans, 10)
    assert not alive
