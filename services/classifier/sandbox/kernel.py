"""System calls that Python has no function for, by number, on the machines whose numbers are known here."""

from __future__ import annotations

import ctypes
import os
import platform
import sys

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38

CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

_CAPABILITIES_V3 = 0x20080522


class Unavailable(OSError):
    """This machine or kernel does not have it."""


def machine() -> str:
    """What the kernel runs on, "x86_64" or "aarch64" where this sandbox knows it; nothing on another system."""
    is_known = sys.platform == "linux" and sys.maxsize > 2**32
    return platform.machine() if is_known else ""


def call(number: int, *arguments: object) -> int:
    """What the system call returned. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    returned = int(libc.syscall(ctypes.c_long(number), *arguments))
    return _checked(returned)


def prctl(option: int, value: int) -> None:
    """Sets an attribute of this process. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "prctl"):
        raise Unavailable("no prctl here")
    _checked(int(libc.prctl(option, *(ctypes.c_ulong(each) for each in (value, 0, 0, 0)))))


def unshare(flags: int) -> None:
    """Leaves namespaces. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare"):
        raise Unavailable("no unshare here")
    _checked(int(libc.unshare(flags)))


def drop_capabilities(capset: int) -> None:
    """None is left to this thread and to those it starts; root is then a user like others. Raises OSError."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
    call(capset, ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


def _checked(returned: int) -> int:
    if returned < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return returned
