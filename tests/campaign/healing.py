"""After the load: all heals by itself, in bounded time. Only what a group was made to skip takes an operator."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from dataclasses import dataclass

from deploy.local.server_services import CHECKOUT
from deploy.ops.audit import TROUBLE, audit
from deploy.ops.audit_model import Report
from tests.campaign.faults_notifications import say, waiting_events
from tests.campaign.settings import AGE_SECONDS, EVERY_SECONDS, WALK_SECONDS
from tests.campaign.world import World
from tests.faults.support.clock import slowness
from tests.faults.support.line import wrong_line

ACTS_SECONDS = 30.0
"""What all of it takes on an idle machine, beside the waiting for the sweep: restarts, joins, decisions, removals."""
HEALED_WITHIN_SECONDS = AGE_SECONDS + 2 * EVERY_SECONDS + 2 * WALK_SECONDS + ACTS_SECONDS
LOOK_SECONDS = 1.0
OPERATE_EVERY_SECONDS = 10.0
COMMAND_SECONDS = 60.0
LAST_CHARS = 1000


@dataclass(frozen=True, slots=True)
class Healed:
    """How long it took on a machine of such a slowness, what an operator had to do, and what is wrong even so."""

    seconds: float
    slowness: float
    commands: int
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        by = f", {self.commands} commands" if self.commands else ", by itself"
        return f"healed after {self.seconds:.0f} s (slowness {self.slowness:.1f}){by}"


async def heal(world: World) -> Healed:
    """Returns when the audit is clean, or when the time for that is over."""
    began, operator = time.monotonic(), _Operator(world)
    wrong: tuple[str, ...] = ("it was not even looked at",)
    async with slowness() as slow:
        await say(world, world.delayed, random.Random("late"))  # noqa: S311 - any partition will do
        while wrong and time.monotonic() - began < HEALED_WITHIN_SECONDS * slow.factor:
            wrong = await _wrong(world, slow.factor)
            if wrong:
                await operator.may_act()
                await asyncio.sleep(LOOK_SECONDS)
    if wrong and operator.words:
        wrong = (*wrong, f"docuvault audit --fix said: {operator.words}")
    return Healed(time.monotonic() - began, slow.factor, operator.acts, wrong)


async def _wrong(world: World, slow: float) -> tuple[str, ...]:
    try:
        await world.site.processes.restore()
    except AssertionError as error:
        return (f"a service is not ready: {error}",)
    if untold := waiting_events(world.site.stack.layout.untold):
        return (f"the store has yet to tell of {untold} changes",)
    pending = AGE_SECONDS + (2 * EVERY_SECONDS + ACTS_SECONDS) * slow
    try:
        report = await audit(world.site.info, max_pending_seconds=pending)
        return (*_told(report), *await wrong_line(world.site.info))
    except TROUBLE as error:
        return (f"the audit cannot tell: {type(error).__name__}: {error}",)


def _told(report: Report) -> tuple[str, ...]:
    return tuple(f"{each.check}: {each.what} {each.key or each.user or ''}".rstrip() for each in report.differences)


class _Operator:
    """Who runs the command of the runbook, now and then, after offsets were moved past records."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._last = 0.0
        self.acts = 0
        self.words = ""

    async def may_act(self) -> None:
        """Has the audit heal what it finds, where that may be needed and was not just done."""
        if not self._world.skipped or time.monotonic() - self._last < OPERATE_EVERY_SECONDS:
            return
        self.acts += 1
        self.words = await _audit_and_fix(str(self._world.site.stack.layout.state))
        self._last = time.monotonic()


async def _audit_and_fix(state: str) -> str:
    """What `docuvault audit --fix` says in the end: its last lines."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "deploy.ops", "audit", "--fix"),
        env={**os.environ, "STATE_DIR": state, "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}"},
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    return said.decode(errors="replace").strip()[-LAST_CHARS:]
