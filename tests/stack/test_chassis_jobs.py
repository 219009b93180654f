"""Jobs on a real PostgreSQL: one replica at a time, whoever dies, stalls, or loses its database."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import Any

import asyncpg
import pytest

from services.chassis.errors import Transient
from services.chassis.expiry import purge
from services.chassis.jobs import Busy, Job, Lease, LeaseLost, run_jobs, run_now
from services.chassis.settings import SettingsError
from services.chassis.tracing import span
from tests.stack.chassis_servers import until
from tests.stack.jobs_place import Place, open_place, process, replica
from tests.stack.jobs_replica import NAME, STEPS, Steps
from tests.unit.spans import remembered

LONG = 3600.0
"""Seconds of a period in which a test sees one run only."""


@pytest.fixture
async def at(stack: Any) -> AsyncIterator[Place]:
    async with open_place(stack) as place:
        yield place


async def nothing(_: Lease) -> Mapping[str, object]:
    return {}


@pytest.mark.parametrize("count", [2, 3])
async def test_of_several_replicas_one_works_at_a_time_and_the_period_is_theirs_together(at: Place, count: int) -> None:
    at_work: list[int] = []

    async def work(lease: Lease) -> Mapping[str, object]:
        at_work.append(1)
        await at.note()
        await lease.check()
        await asyncio.sleep(0.1)
        assert len(at_work) == 1, "two at once"
        at_work.pop()
        return {"worked": 1}

    async def five() -> bool:
        return len(await at.times()) >= 5

    async with AsyncExitStack() as replicas:
        found = [await replicas.enter_async_context(replica(at, work, every=0.3)) for _ in range(count)]
        await until(five)
        assert sum(each.value("docuvault_job_failures_total") for each in found) == 0
    times = await at.times()
    assert all(later - earlier >= 0.3 for earlier, later in pairwise(times))


async def test_a_run_is_a_trace_of_its_own_with_its_counts_and_no_more_of_its_result(at: Place) -> None:
    async def work(_: Lease) -> Mapping[str, object]:
        with span("part"):
            return {"healed": 3, "rate": 0.5, "last_key": "what a user wrote"}

    with remembered() as memory:
        await run_now(at.pool, Job(NAME, LONG, work), LONG)
    (run,), (part,) = memory.named(f"job {NAME}"), memory.named("part")
    assert (run.parent, run.attributes) == (None, {"docuvault.job.healed": 3, "docuvault.job.rate": 0.5})
    assert (run.ended, run.failed, part.parent) == (True, None, run.traceparent)


async def test_a_run_that_meets_a_bug_has_failed_and_what_is_not_sampled_has_no_span(at: Place) -> None:
    async def work(_: Lease) -> Mapping[str, object]:
        raise KeyError("what a user wrote")

    for sampling, failed in ((True, ["KeyError"]), (False, [])):
        with remembered(sampling=sampling) as memory, pytest.raises(KeyError):
            await run_now(at.pool, Job(NAME, LONG, work), LONG)
        assert [each.failed for each in memory.made] == failed


async def test_a_holder_killed_with_9_hands_over_at_once_and_its_cursor_is_gone_on_with(at: Place) -> None:
    async with process(at, "killed") as killed:
        await until(lambda: _have_steps(at, 3, "killed"))
        async with replica(at, Steps(at.pool, "heir")):
            await asyncio.sleep(0.3)
            assert await at.steps("heir") == []
            killed.kill()
            await until(lambda: _have_steps(at, 1, "heir"), 10)  # a third of the silence that others are granted
            await until(at.ended_well)
    before, after = await at.steps("killed"), await at.steps("heir")
    assert after == [*range(after[0], STEPS)]
    assert after[0] in {len(before), len(before) - 1}, "the last step of the dead may not have been saved"
    assert (await at.row())["cursor"] is None


async def test_a_stopped_holder_loses_the_lease_after_its_silence_and_does_nothing_once_awake(at: Place) -> None:
    async with process(at, "stopped", silence=1.0, stops_after=3) as stopped:
        await until(lambda: _have_steps(at, 3, "stopped"))
        async with replica(at, Steps(at.pool, "heir"), silence=1.0):
            await until(lambda: _have_steps(at, 1, "heir"))
            stopped.send_signal(signal.SIGCONT)
            await _logged(stopped, "jobs.left")
            await until(at.ended_well)
    assert await at.steps("stopped") == [0, 1, 2]
    assert await at.steps("heir") == [*range(3, STEPS)]


async def test_a_holder_that_is_well_keeps_a_lease_for_longer_than_its_silence(at: Place) -> None:
    async def work(lease: Lease) -> Mapping[str, object]:
        await at.note()
        await asyncio.sleep(2.5)
        await lease.check()
        return {}

    async with replica(at, work, silence=0.9), replica(at, work, silence=0.9):
        await until(at.ended_well)
    assert len(await at.times()) == 1


async def test_an_overtaken_run_saves_nothing(at: Place) -> None:
    async def overtaken(lease: Lease) -> Mapping[str, object]:
        await at.pool.execute("UPDATE jobs SET started_at = started_at + interval '1 second', cursor = '{\"step\": 9}'")
        await lease.save({"step": 1})
        raise AssertionError("it must not come to this")

    with pytest.raises(LeaseLost):
        await run_now(at.pool, Job(NAME, LONG, overtaken), 0)
    assert (await at.row())["cursor"] == '{"step": 9}'


async def test_a_holder_whose_session_was_ended_leaves_the_work_and_goes_on_from_its_cursor(at: Place) -> None:
    async with replica(at, Steps(at.pool, "me")):
        await until(lambda: _have_steps(at, 5, "me"))
        assert await at.end_holder()
        await until(at.ended_well)
    assert sorted({*await at.steps("me")}) == [*range(STEPS)]
    assert len(await at.steps("me")) <= STEPS + 1


async def test_a_database_that_restarts_in_mid_job_delays_and_ends_nobody(at: Place) -> None:
    async with replica(at, Steps(at.pool, "me")), replica(at, Steps(at.pool, "you")):
        await until(lambda: _have_steps(at, 2, "me", "you"))  # either may be the first
        await asyncio.to_thread(at.stack.supervisor.restart, "postgres")
        await until(lambda: _is_known_to_have_ended_well(at))
    assert sorted({*await at.steps("me"), *await at.steps("you")}) == [*range(STEPS)]


async def test_trouble_that_may_pass_is_waited_out_and_the_cursor_kept(at: Place) -> None:
    cursors: list[object] = []

    async def work(lease: Lease) -> Mapping[str, object]:
        cursors.append(lease.cursor)
        if len(cursors) == 3:
            return {"well": True}
        await lease.save({"tries": len(cursors)})
        raise Transient("the store is away") if len(cursors) == 1 else ConnectionResetError

    async with replica(at, work) as running:
        await until(at.ended_well)
        assert running.value("docuvault_job_failures_total") == 0
    assert cursors == [None, {"tries": 1}, {"tries": 2}]
    row = await at.row()
    assert (row["cursor"], row["result"], row["error"]) == (None, '{"well": true}', None)


async def test_a_bug_is_kept_and_tried_again_at_the_next_time(at: Place) -> None:
    async def work(_: Lease) -> Mapping[str, object]:
        await at.note()
        if len(await at.times()) < 3:
            raise ValueError("a bug")
        return {}

    async with replica(at, work, every=1.2) as running:
        await until(at.failed)
        assert (await at.row())["error"] == "ValueError: a bug"
        await until(at.ended_well)
        assert running.value("docuvault_job_failures_total") == 2
        await until(lambda: running.value("docuvault_job_success_timestamp_seconds") > 0)
    first, second, third = (await at.times())[:3]
    assert min(second - first, third - second) >= 1.2
    assert (await at.row())["error"] is None


async def test_a_driver_that_cuts_itself_off_inside_the_work_ends_nobody(at: Place) -> None:
    async def work(_: Lease) -> Mapping[str, object]:
        await at.note()
        if len(await at.times()) == 1:
            raise asyncio.CancelledError
        return {}

    async with replica(at, work):
        await until(at.ended_well)


async def test_a_stop_leaves_the_job_due_with_its_cursor(at: Place) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(run_jobs(at.pool, [Job(NAME, LONG, Steps(at.pool, "me"))], stop))
    await until(lambda: _have_steps(at, 2, "me"))
    stop.set()
    await asyncio.wait_for(running, 5)
    row = await at.row()
    assert (row["finished_at"], row["error"]) == (None, None)
    assert row["cursor"] is not None
    assert await _is_due(at)


async def test_a_command_runs_a_job_that_is_not_due_and_the_period_begins_anew(at: Place) -> None:
    job = Job(NAME, LONG, Steps(at.pool, "command"))
    async with replica(at, nothing):
        await until(at.ended_well)
        assert await run_now(at.pool, job, 5) == {"steps": STEPS}
    assert not await _is_due(at)


async def test_a_command_waits_for_the_run_of_another_and_then_says_that_it_is_busy(at: Place) -> None:
    go_on = asyncio.Event()

    async def work(_: Lease) -> Mapping[str, object]:
        await at.note()
        await go_on.wait()
        return {}

    job = Job(NAME, LONG, nothing)
    async with replica(at, work):
        await until(lambda: _have_steps(at, 1, "somebody"))
        with pytest.raises(Busy, match="steps has been running elsewhere"):
            await run_now(at.pool, job, 0.1)
        waiting = asyncio.create_task(run_now(at.pool, job, 30))
        go_on.set()
        assert await waiting == {}


async def test_a_pool_without_connections_to_spare_is_refused_at_the_start(at: Place) -> None:
    jobs = [Job(str(number), LONG, nothing) for number in range(9)]
    with pytest.raises(SettingsError, match="DATABASE_POOL_SIZE: must be at least 11"):
        await run_jobs(at.pool, jobs, asyncio.Event())


async def test_what_expires_is_deleted_in_batches_until_there_is_none(at: Place) -> None:
    left, asked = [2500], []

    async def delete(most: int) -> int:
        asked.append(most)
        gone = min(most, left[0])
        left[0] -= gone
        return gone

    async def work(lease: Lease) -> Mapping[str, object]:
        return {"expired": await purge(lease, delete)}

    assert await run_now(at.pool, Job(NAME, LONG, work), 0) == {"expired": 2500}
    assert asked == [1000, 1000, 1000]


async def _have_steps(at: Place, count: int, *names: str) -> bool:
    return sum([len(await at.steps(who)) for who in names]) >= count


async def _is_known_to_have_ended_well(at: Place) -> bool:
    """Of a database that restarts."""
    try:
        return await at.ended_well()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


async def _is_due(at: Place) -> bool:
    return bool(await at.pool.fetchval("SELECT due_at <= now() FROM jobs"))


async def _logged(process: asyncio.subprocess.Process, event: str) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while f'"event":"{event}"'.encode() not in await process.stdout.readline():
            assert not process.stdout.at_eof()
