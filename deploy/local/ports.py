"""Ports: whether one is free, who has it, and a block of free ones for a stack of a test's own."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from deploy.local.errors import StackError
from deploy.local.programs import Program
from deploy.local.waiting import wait_until

PATIENCE_SECONDS = 2.0
"""How long a port may stay taken: a process that was just killed holds its ports until it is gone."""

BLOCK = 104
BLOCKS = range(22000, 31900, BLOCK)
"""Where tests take their ports: below what the kernel hands out to clients."""


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of this machine's loopback, by either protocol."""
    return _bindable(socket.AF_INET, "127.0.0.1", port) and _bindable(socket.AF_INET6, "::1", port)


def _bindable(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True


def check_ports(programs: Iterable[Program]) -> None:
    """Raises StackError where a port of a program is taken; says by whom, and which variable moves it."""
    for program in programs:
        for variable, port in program.ports.items():
            wait_until(partial(is_free, port), PATIENCE_SECONDS, partial(_taken, program.name, variable, port))


def _taken(name: str, variable: str, port: int) -> str:
    way_out = f"end that, or choose another port: make up {variable}=<port>"
    return f"port {port}, wanted for {name}, is taken{_by_whom(port)}; {way_out}"


def _by_whom(port: int) -> str:
    try:
        taken = psutil.net_connections("tcp")
        pid = next(one.pid for one in taken if one.laddr and one.laddr.port == port and one.status == "LISTEN")
        return f" by process {pid} ({psutil.Process(pid).name()})" if pid else ""
    except (psutil.Error, OSError, StopIteration):
        return ""


def reserve_block() -> tuple[int, FileLock]:
    """The first of BLOCK free ports, and the lock that keeps them from other tests while it is held."""
    folder = _lock_folder()
    for first in BLOCKS:
        lock = FileLock(folder / f"{first}.lock", mode=0o666)
        try:
            lock.acquire(timeout=0)
        except (Timeout, PermissionError):  # held by another test, or another user's
            continue
        if all(is_free(port) for port in range(first, first + BLOCK)):
            return first, lock
        lock.release()
    raise StackError("no block of free ports is left for a stack")


def _lock_folder() -> Path:
    """One folder for all users of the machine: they share its ports."""
    folder = Path(tempfile.gettempdir()) / "docuvault-ports"
    folder.mkdir(exist_ok=True)
    if folder.stat().st_uid == os.geteuid():
        folder.chmod(0o1777)
    return folder
