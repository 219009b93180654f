"""Runs one chapter of a campaign: a stack, a load, round after round of faults, then rest, and a look at it all."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from deploy.local.stack import Stack
from tests.campaign.calls import Calls
from tests.campaign.catalogue import KINDS
from tests.campaign.evidence import evidence_of
from tests.campaign.healing import Healed, heal
from tests.campaign.oracle import Wrong, all_wrong
from tests.campaign.room import Disks, small_disks
from tests.campaign.schedule import Drawn, Round
from tests.campaign.settings import campaign_environment
from tests.campaign.users import Crowd, Users
from tests.campaign.world import REPLICAS, World
from tests.faults.support.history import assert_decided_once
from tests.faults.support.processes import Processes
from tests.faults.support.site import Site
from tests.faults.support.wire import open_wire
from tests.stack.support.api import Api
from tests.stack.support.bucket import open_bucket
from tests.stack.support.leaks import HandedOut

PATIENCE_SECONDS = 8.0
"""After so long a client breaks off a request: it is longer than any fault."""
FAULT_SECONDS = 150.0
"""Within which a fault must be made and healed; a stopped machine is not the product's."""
QUIET_SECONDS = 2.0
"""Of load before the first fault and after the last one."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Happened:
    """A fault, and when it struck and was healed, in seconds of the load; or why it could not be made here."""

    fault: Drawn
    began: float
    ended: float
    left_out: str = ""

    def __str__(self) -> str:
        if self.left_out:
            return f"{self.began:7.1f} s          {self.fault}: left out, {self.left_out}"
        return f"{self.began:7.1f} s to {self.ended:5.1f}  {self.fault}"


@dataclass(slots=True)
class Outcome:
    """What a chapter came to. `wrong` is empty where all holds."""

    happened: list[Happened] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    healed: Healed | None = None
    told: str = ""
    logs: Path | None = None


async def run_chapter(seed: str, rounds: Sequence[Round], folder: Path, say: Say, *, keep: bool = False) -> Outcome:
    """Brings a stack up in `folder`, and takes it down again; its logs stay where something is wrong, or to `keep`."""
    triggers = folder / "triggers"
    triggers.mkdir(parents=True)
    environment = campaign_environment(str(triggers))
    options: dict[str, Any] = {"replicas": REPLICAS, "fault_proxy": True, "without_services": ()}
    stack = Stack.on_free_ports(folder / "stack", service_env=environment, **options)
    chapter = _Chapter(seed, rounds, triggers, say)
    try:
        with small_disks(stack.layout.state) as disks:
            try:
                await asyncio.to_thread(stack.up)
                await chapter.run(stack, disks)
            finally:
                await asyncio.to_thread(stack.down)
    except Exception:  # noqa: BLE001 - told as what it is, with what was found before
        chapter.outcome.wrong.append(f"the campaign itself failed: {traceback.format_exc()}")
    if chapter.outcome.wrong or keep:
        chapter.outcome.logs = stack.layout.logs
    else:
        await asyncio.to_thread(stack.reset)
        shutil.rmtree(folder)
    return chapter.outcome


class _Chapter:
    """The course of a chapter on a stack that is up."""

    def __init__(self, seed: str, rounds: Sequence[Round], triggers: Path, say: Say) -> None:
        self._seed = seed
        self._rounds = rounds
        self._triggers = triggers
        self._say = say
        self.outcome = Outcome()

    async def run(self, stack: Stack, disks: Disks) -> None:
        """Load and faults, then rest, then a look at everything."""
        calls = Calls(clocks_are_right=not any("an hour" in each.kind for of in self._rounds for each in of))
        async with _open(stack) as site:
            users = Users(site.api, Crowd(self._seed), calls)
            world = World(site, users, disks, self._triggers)
            await users.open()
            async with users.at_work():
                await self._play(world)
            await self._end(world, calls)

    async def _end(self, world: World, calls: Calls) -> None:
        outcome, users = self.outcome, world.users
        outcome.healed = await heal(world)
        self._say(str(outcome.healed))
        outcome.told = _told(users, calls)
        outcome.wrong += [*outcome.healed.wrong, *users.troubles]
        outcome.wrong += [f"{name} was answered {status}, {n} times" for (name, status), n in calls.unpromised.items()]
        outcome.wrong += await _looked_at(world)

    async def _play(self, world: World) -> None:
        """One round after the other; each begins when the one before it is healed."""
        began = time.monotonic()
        await asyncio.sleep(QUIET_SECONDS)
        for of in self._rounds:
            happened = await asyncio.gather(*(self._strike(world, each, began) for each in of))
            self.outcome.happened += happened
            for each in happened:
                self._say(str(each))
        await asyncio.sleep(QUIET_SECONDS)

    async def _strike(self, world: World, fault: Drawn, began: float) -> Happened:
        """Makes one fault and heals it. What it draws depends on the seed and its own number alone."""
        kind = KINDS[fault.kind]
        await asyncio.sleep(fault.after)
        start = time.monotonic() - began
        if why := kind.hindered(world):
            return Happened(fault, start, start, why)
        chance = random.Random(f"{self._seed}/{fault.number}")  # noqa: S311 - the same every time
        async with asyncio.timeout(FAULT_SECONDS), kind.make(world, fault.target, chance):
            await asyncio.sleep(fault.lasts)
        return Happened(fault, start, time.monotonic() - began)


@asynccontextmanager
async def _open(stack: Stack) -> AsyncIterator[Site]:
    connector = TCPConnector(limit=0, force_close=True)
    async with AsyncExitStack() as opened:
        timeout = ClientTimeout(total=PATIENCE_SECONDS)
        session = await opened.enter_async_context(ClientSession(connector=connector, timeout=timeout))
        bucket = await opened.enter_async_context(open_bucket(stack.info))
        yield Site(stack, Processes(stack), Api(session, stack.info, HandedOut()), bucket)


async def _looked_at(world: World) -> list[str]:
    """What the oracle finds, with the evidence for the first few."""
    async with open_wire(world.site.info) as wire:
        found = await all_wrong(world.site, world.users, wire)
        if not world.skipped:
            try:
                await assert_decided_once(world.site.info, wire)
            except AssertionError as error:
                found.append(Wrong(str(error)))
        if found:
            return [*map(str, found), *await evidence_of(world.site.info, wire, found)]
    return []


def _told(users: Users, calls: Calls) -> str:
    """How much load there was, and what it was answered."""
    seen = ", ".join(f"{name} {status}: {count}" for (name, status), count in sorted(calls.seen.items()))
    return f"{len(users.tales)} documents of {len(users.users)} users; {seen}"
