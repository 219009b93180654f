"""Restarting services that run, one process after the other, at no client's cost.

A process that clients reach is told that it is about to be stopped (SIGUSR1), which makes its `/healthz` a 503. The
gateway asks each second, and sends its requests elsewhere; then the process is stopped and its successor started. The
only replica of a service has somebody stand in for it meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from deploy.local.console import say
from deploy.local.errors import StackError
from deploy.local.programs import Program
from deploy.local.server_gateway import HEALTH_FAILS, HEALTH_SECONDS
from deploy.local.server_minio import CHECK_TIMEOUT
from deploy.local.supervisor import Supervisor
from deploy.local.waiting import run_async

PATIENCE_SECONDS = 10 * HEALTH_FAILS * HEALTH_SECONDS
"""How long a gateway that does not ask is waited for."""
POLL_SECONDS = 0.05
LEAVES = HEALTH_FAILS + 1
"""Answers after which a gateway sends nothing more: those it acts on, and one a second later, when it has read them."""


@dataclass(frozen=True, slots=True)
class Member:
    """A replica as the gateway reaches it: by a port of this machine, or by a socket."""

    program: Program
    port: int = 0
    socket: Path | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """A service: what is to be restarted, and who stands in; `asked`: whether the gateway sends it requests."""

    members: Sequence[Member]
    spare: Member | None
    asked: bool


class Roller:
    """Restarts processes of one stack. `until_well` returns when a program is well, and raises where it never is."""

    def __init__(self, supervisor: Supervisor, until_well: Callable[[Sequence[Program]], None]) -> None:
        self._supervisor = supervisor
        self._until_well = until_well

    def roll(self, team: Team) -> None:
        """Returns when all members are what the configuration says. It must know the spare, which is stopped."""
        spare = team.spare
        if spare is not None:
            self._start(spare, asked=team.asked)
        for member in team.members:
            if team.asked:
                self._announce(member)
            self._supervisor.replace(member.program.name)
            self._start(member, asked=team.asked)
        if spare is not None:
            self._announce(spare)
            self._supervisor.stop(spare.program.name)

    def _start(self, member: Member, *, asked: bool) -> None:
        self._supervisor.start(member.program.name)
        self._until_well([member.program])
        if asked:
            self._until_told(member, "alive", 1)

    def _announce(self, member: Member) -> None:
        with contextlib.suppress(StackError):  # one that has just ended has nothing to say any more
            self._supervisor.signal(member.program.name, "USR1")
        self._until_told(member, "leaving", LEAVES)

    def _until_told(self, member: Member, answer: str, times: int) -> None:
        """Returns when the gateway has been told often enough to act on it; goes on without one that does not ask."""
        if not run_async(_told(member, answer, times)):
            say(f"- the gateway did not ask how {member.program.name} is; going on")


async def _told(member: Member, answer: str, times: int) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await _count(member, answer) < times:  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError:
        return False
    return True


async def _count(member: Member, answer: str) -> int:
    """How often a process has given an answer at /healthz; 0 of one that cannot be asked."""
    connector = None if member.socket is None else aiohttp.UnixConnector(str(member.socket))
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=CHECK_TIMEOUT) as session,
            session.get(f"http://127.0.0.1:{member.port or 80}/metrics") as response,
        ):
            return count_in(await response.text(), answer)
    except (aiohttp.ClientError, OSError):
        return 0


def count_in(metrics: str, answer: str) -> int:
    """The number of such answers in the text of /metrics."""
    found = re.search(rf'^docuvault_http_probes_total{{answer="{answer}"}} (\S+)$', metrics, re.MULTILINE)
    return int(float(found[1])) if found else 0
