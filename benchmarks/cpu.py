"""Processor time of processes, with that of their children, whether they run or have ended."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

import psutil

from deploy.local.stack import Stack

SERVERS = ("postgres", "kafka", "minio")


def seconds_of(pid: int) -> float:
    """User and system time so far, of this process without its children; 0 where there is none any more."""
    if pid == os.getpid():
        return time.process_time()
    try:
        process = psutil.Process(pid)
        return sum(_seconds(each) for each in (process, *process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0.0


def _seconds(process: psutil.Process) -> float:
    try:
        found = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(found.user + found.system + found.children_user + found.children_system)


def server_pids(stack: Stack) -> dict[str, int]:
    """The servers of a running stack."""
    processes = stack.status()
    return {name: processes[name].pid for name in SERVERS}


class Meter:
    """What some processes, by name, have used since the last look."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        return {name: seconds_of(pid) for name, pid in self._pids.items()}

    def restart(self) -> None:
        """Counts from here."""
        self._before = self._now()

    def used(self) -> dict[str, float]:
        """Seconds of a core by name, since the start or the last restart."""
        return {name: max(0.0, now - self._before[name]) for name, now in self._now().items()}
