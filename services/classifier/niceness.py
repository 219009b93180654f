"""Giving way: classification can wait for whatever else the machine has to do, a confirm cannot."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")
"""Where Linux shares out processor time by session first (sched_autogroup), the niceness of this session."""


def give_way(nice: int) -> None:
    """Makes the calling thread, and threads it starts, at least as nice as `nice`, 0 to 19.

    Never less nice than it was: only the privileged may do that, and the operator may have meant it.
    """
    os.setpriority(os.PRIO_PROCESS, 0, max(nice, os.getpriority(os.PRIO_PROCESS, 0)))


def give_way_with_session(nice: int) -> None:
    """The same for a process that has a session to itself, also towards other sessions. Only at its start."""
    give_way(nice)
    with suppress(OSError):  # a kernel without it
        AUTOGROUP.write_text(str(os.getpriority(os.PRIO_PROCESS, 0)))
