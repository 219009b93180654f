"""A room of the campaign's own: a mount namespace with a small disk under each server, which can be full at a word.

Mounts want root, or a user namespace in which one is root. Where the machine allows neither, there are no such disks,
and the faults that fill them say so.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

SERVERS = ("postgres", "kafka", "minio")
DISK_BYTES = 1 << 30
PAGE = 4096
MOST_PAGES = 16
ATTEMPTS = 50
INSIDE = "DOCUVAULT_CAMPAIGN_ROOM"
"""The environment variable that says whether this process is in such a room, or why it cannot be."""


def enter_room() -> None:
    """Starts this program again inside a room; returns where it is there already, or where there can be none."""
    if INSIDE in os.environ:
        return
    wrapper = _wrapper()
    environment = {**os.environ, INSIDE: "" if wrapper else "this machine allows no mount namespace (unshare)"}
    command = [*wrapper, sys.executable, "-m", "tests.campaign", *sys.argv[1:]]
    os.execvpe(command[0], command, environment)  # noqa: S606 - ourselves


def _wrapper() -> Sequence[str]:
    unshare = shutil.which("unshare")
    for options in (["--mount"], ["--mount", "--user", "--map-root-user"]):
        if unshare and _works([unshare, *options, "--"]):
            return [unshare, *options, "--"]
    return ()


def _works(wrapper: Sequence[str]) -> bool:
    tried = ["mount", "-t", "tmpfs", "-o", f"size={PAGE}", "tmpfs", "/mnt"]
    return subprocess.run([*wrapper, *tried], capture_output=True, check=False).returncode == 0  # noqa: S603


class Disks:
    """The disks of the servers of one stack, by the servers' names. `why_none`: why there are none, or ""."""

    def __init__(self, state: Path, why_none: str) -> None:
        self._state = state
        self.why_none = why_none

    def fill(self, server: str, chance: random.Random) -> None:
        """Leaves the server a few pages more than it has; it may be writing, and a disk cannot be made too small."""
        pages = chance.randint(1, MOST_PAGES)
        for _ in range(ATTEMPTS):
            with suppress(subprocess.CalledProcessError):
                self._resize(server, shutil.disk_usage(self._state / server).used + PAGE * pages)
                return
        raise OSError(f"the disk of {server} cannot be filled: it grows faster than it is looked at")

    def relieve(self, server: str) -> None:
        """Gives it room again."""
        self._resize(server, DISK_BYTES)

    def _resize(self, server: str, size: int) -> None:
        _mount("-o", f"remount,size={size}", str(self._state / server))


@contextmanager
def small_disks(state: Path) -> Iterator[Disks]:
    """The disks of a stack that is started inside and ended again; nothing on them is left at the end."""
    why = os.environ.get(INSIDE, "not in a room of its own")
    mounted: list[Path] = []
    try:
        for server in () if why else SERVERS:
            (state / server).mkdir(parents=True, mode=0o700)
            _mount("-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "tmpfs", str(state / server))
            mounted.append(state / server)
        yield Disks(state, why)
    finally:
        for path in mounted:
            subprocess.run(["umount", "-l", str(path)], check=True)  # noqa: S603, S607 - a mount of ours


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)  # noqa: S603, S607 - in a namespace of ours
