"""What befalls the clock of a service: it is an hour off. libfaketime, from its package, stands between it and libc."""

from __future__ import annotations

import asyncio
import importlib.util
import random
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from pathlib import Path

from deploy.local.server_services import CHECKOUT
from tests.campaign.settings import environment_of
from tests.campaign.world import World

HOUR = 3600
STOP_SECONDS = 30.0
_LIBRARY = "vendor/libfaketime/src/libfaketime.so.1"


def ahead(world: World, target: str, chance: random.Random) -> AbstractAsyncContextManager[None]:
    """A replica believes that it is an hour later."""
    return _with_a_clock(world, world.replica(target, chance), HOUR)


def behind(world: World, target: str, chance: random.Random) -> AbstractAsyncContextManager[None]:
    """A replica believes that it is an hour earlier."""
    return _with_a_clock(world, world.replica(target, chance), -HOUR)


@asynccontextmanager
async def _with_a_clock(world: World, name: str, seconds: int) -> AsyncIterator[None]:
    """The replica gives way to one that differs from it by its clock alone, and takes its place again."""
    await world.site.processes.pid(name)
    async with world.site.processes.without(name):
        process = await _start(world, name, seconds)
        try:
            await world.site.processes.answers(name)
            yield
        finally:
            await _end(process)


async def _start(world: World, name: str, seconds: int) -> Process:
    environment = {**environment_of(world.site.stack, name), **skewed(seconds)}
    with world.site.stack.layout.log(f"{name}-with-another-clock").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"services.{name.rpartition('-')[0]}",
            env=environment,
            cwd=CHECKOUT,
            stdout=log,
            stderr=log,
        )


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def skewed(seconds: int) -> dict[str, str]:
    """The environment of a process whose clock is so far off; what it measures time by is not."""
    found = importlib.util.find_spec("libfaketime")  # not imported: it would want to restart this process
    library = Path(found.origin or "").parent / _LIBRARY if found else Path("libfaketime is not installed")
    return {"LD_PRELOAD": str(library), "FAKETIME": f"{seconds:+d}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@cache
def why_no_other_clock() -> str:
    """Why a process cannot be given another clock here; "" where it can."""
    asked = [sys.executable, "-I", "-c", "import time; print(time.time())"]
    said = subprocess.run(asked, env=skewed(HOUR), capture_output=True, text=True, check=False)  # noqa: S603 - ours
    off = float(said.stdout or 0) - time.time()
    return "" if abs(off - HOUR) < HOUR / 2 else "libfaketime's library does not work on this machine"
