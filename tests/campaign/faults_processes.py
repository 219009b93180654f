"""What befalls processes: kill -9, kill -9 at a failpoint, SIGSTOP, a restart, a restart of everything."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil

from services.chassis.failpoints import REACHED, Name, trigger_path
from tests.campaign.world import REPLICAS, World
from tests.faults.support.crash_names import IN_A_BATCH, IN_A_REQUEST, IN_THE_CLASSIFIER, IN_THE_RELAY
from tests.faults.support.crashes import Crashes, Stop

SERVICES = ("upload", "quota", "janitor", "classifier")
SERVERS = ("postgres", "kafka", "minio")
DOOR = "gateway"
REACHED_WITHIN_SECONDS = 3.0
LOOK_SECONDS = 0.05
EVERYBODYS = ("consumer.", "outbox.")
"""Of the chassis, which the classifier consumes and says with as the others do."""


def process_of(world: World, target: str, chance: random.Random) -> str:
    """A target's process: one replica where it is a service."""
    return world.replica(target, chance) if target in SERVICES else target


@asynccontextmanager
async def killed(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """Ends with -9; its supervisor starts it again."""
    await world.site.processes.kill(process_of(world, target, chance))
    yield


@asynccontextmanager
async def all_killed(world: World, target: str, _: random.Random) -> AsyncIterator[None]:
    """Ends every replica of a service with -9, at once."""
    await asyncio.gather(*(world.site.processes.kill(name) for name in world.replicas(target)))
    yield


@asynccontextmanager
async def stopped(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """Stands still, with all processes of its own (SIGSTOP), and goes on where it was (SIGCONT)."""
    pid = await world.site.processes.pid(process_of(world, target, chance))
    parent = psutil.Process(pid)
    os.kill(pid, signal.SIGSTOP)  # first, so that it makes no more of them
    still = [parent, *parent.children(recursive=True)]
    for each in still[1:]:
        with suppress(psutil.NoSuchProcess):
            each.suspend()
    try:
        yield
    finally:
        for each in reversed(still):
            with suppress(psutil.NoSuchProcess):
                each.resume()


@asynccontextmanager
async def worker_killed(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """Whoever reads documents for a replica ends with -9, as where the kernel is short of memory."""
    for worker in await _workers(world, target, chance):
        with suppress(psutil.NoSuchProcess):
            worker.kill()
    yield


@asynccontextmanager
async def worker_stopped(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """Whoever reads documents for a replica stands still, while the replica itself does not."""
    workers = await _workers(world, target, chance)
    for worker in workers:
        with suppress(psutil.NoSuchProcess):
            worker.suspend()
    try:
        yield
    finally:
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.resume()


async def _workers(world: World, target: str, chance: random.Random) -> list[psutil.Process]:
    """The processes of a replica's own: there is none before its first document."""
    pid = await world.site.processes.pid(process_of(world, target, chance))
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@asynccontextmanager
async def restarted(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """Is stopped as an operator does it, away for a while, and started again."""
    name = process_of(world, target, chance)
    await world.site.processes.pid(name)
    async with world.site.processes.without(name):
        yield


@asynccontextmanager
async def crashed(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """Ends with -9 at an exact boundary of its work, if it comes there in good time."""
    stop = Stop(world.replica(target, chance), chance.choice(points_of(target)))
    crashes = Crashes(world.triggers, world.site.processes)
    crashes.arm([stop])
    try:
        with suppress(TimeoutError):
            await asyncio.wait_for(_stands(world, stop), REACHED_WITHIN_SECONDS)
            await world.site.processes.kill(stop.process)
        yield
    finally:
        for path in world.triggers.glob(f"{stop.process}.*"):
            path.unlink()
        await _woken(world, stop)


def points_of(service: str) -> list[Name]:
    """The failpoints that a service comes to at work."""
    if service == "classifier":
        shared = [name for names in (IN_A_BATCH, IN_THE_RELAY) for name in names if name.startswith(EVERYBODYS)]
        return [*shared, *IN_THE_CLASSIFIER]
    found = [name for names in (IN_A_BATCH, IN_THE_RELAY) for name, by in names.items() if f"{service}-1" in by]
    return [*found, *(IN_A_REQUEST if service == "upload" else ())]


async def _stands(world: World, stop: Stop) -> None:
    reached = Path(f"{trigger_path(world.triggers, stop.process, stop.name)}{REACHED}")
    while not reached.exists():  # noqa: ASYNC110, ASYNC240 - no event of ours says what another process did
        await asyncio.sleep(LOOK_SECONDS)


async def _woken(world: World, stop: Stop) -> None:
    """One that came to its failpoint when nobody waited for it any more goes on."""
    with suppress(ProcessLookupError):
        os.kill(await world.site.processes.pid(stop.process), signal.SIGCONT)


@asynccontextmanager
async def rolled(world: World, _: str, __: random.Random) -> AsyncIterator[None]:
    """Everything is restarted, one after the other: of each service one replica at a time, then each server."""
    processes = world.site.processes
    for number in range(1, REPLICAS + 1):
        names = [f"{service}-{number}" for service in SERVICES]
        for name in names:
            await processes.pid(name)
        async with processes.without(*names):
            pass
        await processes.ready(names)
    for name in (*SERVERS, DOOR):
        await processes.pid(name)
        async with processes.without(name):
            pass
    yield
