"""Ending a stack: what it started and nothing else, within a bounded time."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterable

from deploy.local import leftovers
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.supervisor import Supervisor
from deploy.local.waiting import wait_until

SERVERS = frozenset({"postgres", "postgres-2", "kafka", "kafka-2", "kafka-3", "minio", "toxiproxy"})
STOP_SECONDS = 45.0
"""More than any single process is given before it is killed."""

SHUTDOWN_SECONDS = 10.0

KEPT_BY_ERASE = frozenset({"lock"})


def end_stack(layout: Layout, supervisor: Supervisor) -> bool:
    """Ends the stack: gateway and services first, then the servers. Returns whether there was anything to end."""
    alive = supervisor.alive()
    if alive:
        names = supervisor.processes().keys()
        _stop_all(supervisor, names - SERVERS)
        _stop_all(supervisor, names & SERVERS)
        supervisor.shutdown()
        _wait_for_nobody(layout)
    found = leftovers.end_leftovers(layout.stack_id)
    if leftovers.marked_processes(layout.stack_id):
        raise StackError(f"some processes of the stack in {layout.state} do not end; look for {layout.stack_id}")
    _clear_runtime(layout)
    return alive or bool(found)


def _stop_all(supervisor: Supervisor, names: Iterable[str]) -> None:
    """Stops processes side by side."""
    for name in sorted(names):
        if supervisor.processes()[name].pid or supervisor.processes()[name].state == "BACKOFF":
            supervisor.stop(name, wait=False)
    end = time.monotonic() + STOP_SECONDS
    wanted = set(names)
    while any(process.pid for process in supervisor.processes().values() if process.name in wanted):
        if time.monotonic() > end:
            return  # supervisord has sent SIGKILL by now; what is left is ended as a leftover
        time.sleep(0.05)


def _wait_for_nobody(layout: Layout) -> None:
    with contextlib.suppress(StackError):  # those who stay are ended as leftovers
        wait_until(lambda: not leftovers.marked_processes(layout.stack_id), SHUTDOWN_SECONDS, lambda: "they stay")


def _clear_runtime(layout: Layout) -> None:
    for path in (layout.socket, layout.gateway_socket, layout.state / "supervisord.pid"):
        path.unlink(missing_ok=True)


def erase(layout: Layout) -> None:
    """Removes all data, logs and secrets of a stack that is down."""
    for path in layout.state.iterdir():
        if path.name in KEPT_BY_ERASE:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    shutil.rmtree(layout.runtime, ignore_errors=True)
