"""Finds and ends what a killed supervisor left behind: processes of this user that carry this stack's mark."""

from __future__ import annotations

import os
import signal

import psutil

from deploy.local.supervisor import MARKER

GENTLE_SECONDS = 20.0
KILL_SECONDS = 5.0


def marked_processes(stack_id: str) -> list[psutil.Process]:
    """The running processes of this user that carry the mark of the stack."""
    return [process for process in psutil.process_iter() if _is_marked(process, stack_id)]


def _is_marked(process: psutil.Process, stack_id: str) -> bool:
    try:
        return process.uids().real == os.getuid() and process.environ().get(MARKER) == stack_id
    except (psutil.Error, OSError):
        return False


def end_leftovers(stack_id: str) -> list[str]:
    """Ends them, gently first. Returns the names of what was found."""
    found = marked_processes(stack_id)
    names = sorted({process.name() for process in found if process.is_running()})
    for process in found:
        _send(process, _gentle_signal(process))
    _, stubborn = psutil.wait_procs(found, timeout=GENTLE_SECONDS)
    for process in stubborn:
        _send(process, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=KILL_SECONDS)
    return names


def _gentle_signal(process: psutil.Process) -> signal.Signals:
    """PostgreSQL's fast shutdown is SIGINT; its SIGTERM waits for its clients to leave."""
    return signal.SIGINT if process.name() == "postgres" else signal.SIGTERM


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
