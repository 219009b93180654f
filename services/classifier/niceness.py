"""Giving way: classification can wait for whatever else the machine has to do, a confirm cannot."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

AUTOGROUP = Path("/proc/self/autogroup")
"""The niceness of this session, where Linux shares out processor time by session first (sched_autogroup)."""
_TRIES, _PAUSE_SECONDS = 40, 0.11
"""An ordinary user may set it ten times a second, all of the machine's together."""


def give_way(nice: int) -> None:
    """Makes the calling thread, and threads it starts, at least as nice as `nice`, 0 to 19.

    Never less nice than it was: only the privileged may do that, and the operator may have meant it.
    """
    os.setpriority(os.PRIO_PROCESS, 0, max(nice, os.getpriority(os.PRIO_PROCESS, 0)))


class Session:
    """The session of a process that has it to itself. Made before the process is confined, used when it is ready."""

    def __init__(self) -> None:
        self._file: TextIO | None = None
        with suppress(OSError):  # a kernel without it
            self._file = AUTOGROUP.open("w")

    def give_way(self) -> None:
        """Towards other sessions as the calling thread does within this one."""
        if self._file is None:
            return
        descriptor = self._file.fileno()
        for _ in range(_TRIES):
            try:
                os.write(descriptor, str(os.getpriority(os.PRIO_PROCESS, 0)).encode())
            except BlockingIOError:
                time.sleep(_PAUSE_SECONDS)
            else:
                break
        self._file.close()
