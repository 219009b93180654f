"""How a process ends, in processes of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time

import pytest

from services.chassis.run import CutShort, supervise

HEAD = """
import asyncio
from services.chassis.run import run, supervise
from services.chassis.logging import configure
configure("test", "1")
"""


def start(body: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - own code
        [sys.executable, "-c", HEAD + body], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(body: str) -> tuple[int, str, str]:
    process = start(body)
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


def test_wrong_settings_are_one_line_and_exit_2() -> None:
    code, out, err = ended(
        "from services.chassis.settings import DatabaseSettings, load\n"
        "async def main(stop): load(DatabaseSettings)\n"
        "run(main)"
    )
    assert (code, out) == (2, "")
    assert err.startswith("settings: DATABASE_URL")
    assert err.count("\n") == 1


def test_what_was_imported_is_not_walked_by_each_collection() -> None:
    code, out, _ = ended(
        "import gc\nasync def main(stop): print(gc.get_freeze_count() > 10 * len(gc.get_objects()))\nrun(main)"
    )
    assert (code, out) == (0, "True\n")


def test_a_crash_is_a_structured_line_and_exit_1() -> None:
    code, out, _ = ended("async def main(stop): raise RuntimeError('boom')\nrun(main)")
    line = json.loads(out)
    assert (code, line["event"], line["reason"]) == (1, "service.crashed", "RuntimeError: boom")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_work_at_hand_finish(number: signal.Signals) -> None:
    process = start(
        "async def main(stop):\n"
        "    print('up', flush=True)\n"
        "    await stop.wait()\n"
        "    await asyncio.sleep(0.2)\n"
        "    print('finished', flush=True)\n"
        "run(main)"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(number)
    out, _ = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, "finished\n")


def test_work_that_does_not_end_is_cut_short() -> None:
    process = start(
        "async def main(stop):\n    print('up', flush=True)\n    await asyncio.sleep(60)\nrun(main, stop_seconds=0.3)"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "service.cut_short" in out
    assert time.monotonic() - started < 5


async def test_the_first_failure_stops_the_others_and_is_raised() -> None:
    stop, finished = asyncio.Event(), []

    async def fail() -> None:
        await asyncio.sleep(0.05)
        raise LookupError("first")

    async def work() -> None:
        await stop.wait()
        finished.append("work")

    with pytest.raises(LookupError, match="first"):
        await supervise(stop, work(), fail())
    assert finished == ["work"]


async def test_the_end_of_one_ends_all() -> None:
    stop = asyncio.Event()

    async def short() -> None:
        await asyncio.sleep(0)

    async def long() -> None:
        await stop.wait()

    await asyncio.wait_for(supervise(stop, short(), long()), 1)


async def test_what_ignores_a_stop_is_cancelled_in_time() -> None:
    stop = asyncio.Event()
    stop.set()
    started = time.monotonic()
    await supervise(stop, asyncio.sleep(60), stop_seconds=0.1)
    assert time.monotonic() - started < 2


def test_what_was_imported_is_not_collected_again_and_again_in_every_batch() -> None:
    code, out, _ = ended(
        "import gc\n"
        "async def main(stop): print(gc.isenabled(), gc.get_threshold()[0] > 700, gc.get_freeze_count() > 10_000)\n"
        "run(main)"
    )
    assert (code, out.strip()) == (0, "True True True")


async def test_a_part_that_was_cancelled_from_inside_is_a_failure_and_no_end() -> None:
    async def lost() -> None:
        raise asyncio.CancelledError

    stop = asyncio.Event()
    with pytest.raises(CutShort, match="lost was cancelled"):
        await supervise(stop, lost(), _idle(stop))


async def _idle(stop: asyncio.Event) -> None:
    await stop.wait()
