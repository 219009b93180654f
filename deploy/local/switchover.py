"""Making the standby the primary, planned or not: the old one is proven dead, and can only come back as a standby."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

import psutil

from deploy.local import leftovers
from deploy.local.console import say
from deploy.local.errors import StackError
from deploy.local.postgres_nodes import Database, Pair, Roles, data_folder, save_roles
from deploy.local.postgres_pair import STARTED, Keeper
from deploy.local.switchover_rules import Sight, refusal

GENTLE_SECONDS = 30.0
"""Given to a primary that answers, to hand all it wrote to its standby."""
KILL_SECONDS = 5.0


def switch_over(keeper: Keeper, to: str = "", *, force: bool = False) -> str:
    """Makes the standby the primary, or `to`, and the old primary its standby. Returns what was done, as a line.

    Raises StackError where something would be lost by it, unless it is forced; then all is as it was before.
    """
    pair = keeper.pair
    if to not in {"", pair.primary.name, pair.standby.name}:
        raise StackError(f"there is no server {to}; there are {pair.primary.name} and {pair.standby.name}")
    if to == pair.primary.name:
        keeper.settle()
        return f"{to} is the primary"
    before = _sight(keeper, pair)
    if why := refusal(before, force=force):
        raise StackError(why)
    _fence(keeper, pair.primary, gently=before.answers)
    stopped = _stopped(keeper, pair)
    if why := refusal(stopped, force=force):
        keeper.supervisor.start(pair.primary.name)
        raise StackError(f"{why}; {pair.primary.name} was started again")
    _turn(keeper, pair)
    return f"{pair.standby.name} is the primary; {_bring_back(keeper, pair.primary, clean=stopped.clean)}"


def _sight(keeper: Keeper, pair: Pair) -> Sight:
    answers = keeper.ask(pair.primary, "pair_state") is not None
    if not answers:
        return _stopped(keeper, pair)
    follows = keeper.following()["state"] == "streaming"
    return Sight(pair.primary.name, pair.standby.name, answers, follows, pair.waits, _received(keeper, pair))


def _received(keeper: Keeper, pair: Pair) -> int | None:
    return (keeper.ask(pair.standby, "pair_state") or {}).get("received")


def _stopped(keeper: Keeper, pair: Pair) -> Sight:
    """Of a primary that does not answer; what it sent last may still be on its way to the disk of the standby."""
    checkpoint, clean = keeper.last_checkpoint(pair.primary)
    end = time.monotonic() + KILL_SECONDS
    while True:
        received = _received(keeper, pair)
        if received is None or checkpoint is None or received > checkpoint or time.monotonic() > end:
            names = (pair.primary.name, pair.standby.name)
            return Sight(*names, False, False, pair.waits, received, checkpoint, clean)
        time.sleep(0.1)


def _fence(keeper: Keeper, node: Database, *, gently: bool) -> None:
    """Ends a server and proves it: two primaries would each tell their clients something else."""
    if keeper.supervisor.processes()[node.name].state in STARTED:
        keeper.supervisor.stop(node.name, wait=False)
    end = time.monotonic() + (GENTLE_SECONDS if gently else 0)
    while (left := _processes(keeper, node)) and time.monotonic() < end:
        time.sleep(0.1)
    for process in left:
        os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(left, timeout=KILL_SECONDS)
    if left := _processes(keeper, node):
        raise StackError(f"{node.name} does not end (process {left[0].pid}): with it running nothing is switched")


def _processes(keeper: Keeper, node: Database) -> Sequence[psutil.Process]:
    """A server's processes: each works in its data folder, also one whose postmaster is dead.

    What bears the stack's mark is what was started by it: a server's own children write their titles over theirs.
    """
    folder = str(data_folder(keeper.layout, node.number))
    started = [each for each in leftovers.marked_processes(keeper.layout.stack_id) if _opens(each, folder)]
    return [*started, *(each for each in psutil.process_iter() if each not in started and _works_in(each, folder))]


def _opens(process: psutil.Process, folder: str) -> bool:
    try:
        return folder in process.cmdline()
    except psutil.Error:
        return False


def _works_in(process: psutil.Process, folder: str) -> bool:
    try:
        return process.name() == "postgres" and process.cwd() == folder
    except psutil.Error:
        return False


def _turn(keeper: Keeper, pair: Pair) -> None:
    """From the first line on the old primary can only start as a standby; `make up` finishes what is cut short."""
    if data_folder(keeper.layout, pair.primary.number).exists():
        keeper.configurer.fence(pair.primary)
    save_roles(keeper.layout, Roles(pair.standby.number))
    keeper.promote()


def _bring_back(keeper: Keeper, old: Database, *, clean: bool) -> str:
    """What became of the old primary: one that handed all over follows; another may have what nobody else has."""
    try:
        if not clean:
            keeper.copy()
        keeper.settle()
    except StackError as error:
        say(f"- {old.name}: {error}")
        return f"{old.name} is NOT its standby, and nothing waits for it; `make standby REBUILD=1` once it can be"
    return f"{old.name} is its standby, and commits wait for it"


def rebuild(keeper: Keeper) -> None:
    """Makes the standby a new copy of the primary, whatever it holds, and lets writes wait for it again.

    Meanwhile they do not: what is written while it is copied is on the primary alone.
    """
    keeper.promote()
    keeper.relax()
    _fence(keeper, keeper.pair.standby, gently=True)
    keeper.copy()
    keeper.settle()
