"""When a Ctrl-C is heard: once, by whoever can end the work and say so in one line; never while that is being said.

The interpreter's own end gives the signal back to the system, which ends the process by it: a script would take the one
for the other, and what is being said may be cut off. And in the middle of an import the exception may be dropped after
a trace, or come out as another: there is nothing to be undone yet, so that is the end at once.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from types import FrameType
from typing import NoReturn

INTERRUPTED = 130
"""The exit code, also what a shell makes of a process that the signal ended."""
_IMPORTING = "<frozen importlib._bootstrap>"


def hear() -> None:
    """From here on a Ctrl-C is a KeyboardInterrupt, also where the caller had it ignored.

    asyncio takes it upon itself, and cancels its main task, where the handler is the default one, by its name.
    """
    signal.default_int_handler = _heard  # type: ignore[assignment]
    signal.signal(signal.SIGINT, _heard)


def deafen() -> None:
    """From here on a Ctrl-C changes nothing any more; one that comes right now is the one that was heard already."""
    while True:
        try:
            if signal.signal(signal.SIGINT, signal.SIG_IGN) is signal.SIG_IGN:
                return
        except KeyboardInterrupt:
            continue


def end() -> NoReturn:
    """The one line, and the end: no thread is waited for by who wants to be rid of it."""
    deafen()
    with suppress(OSError):  # nobody is there to hear it
        os.write(2, b"docuvault: interrupted\n")
    os._exit(INTERRUPTED)


def _heard(_: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:
            end()
        frame = frame.f_back
    raise KeyboardInterrupt
