"""Landlock: of all files, only those under a few paths can be opened, to be read; no TCP, no signals to others."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from services.classifier.sandbox import kernel

_VERSION = 1
_PATH_BENEATH = 1

_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_RIGHTS_OF_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""The number of rights on files that each version knows; those it does not know it would refuse."""

_TCP, _TCP_SINCE = 0b11, 4
_SCOPES, _SCOPES_SINCE = 0b11, 6
_NEWEST = 5


def version(create_ruleset: int) -> int:
    """The kernel's version of Landlock, from 1. Raises OSError where it has none."""
    return kernel.call(create_ruleset, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))


def restrict(numbers: dict[str, int], readable: Iterable[Path]) -> int:
    """This thread and those it starts may read what is under `readable`, and no more; the version used."""
    abi = version(numbers["landlock_create_ruleset"])
    ruleset = _create(numbers["landlock_create_ruleset"], abi)
    try:
        for path in readable:
            _allow(numbers["landlock_add_rule"], ruleset, path)
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.call(numbers["landlock_restrict_self"], ruleset, ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return abi


def attributes(abi: int) -> bytes:
    """What a ruleset of this version handles: every right on files, TCP, abstract sockets and signals."""
    rights = (1 << _RIGHTS_OF_ABI[min(abi, _NEWEST)]) - 1
    fields = [rights]
    if abi >= _TCP_SINCE:
        fields.append(_TCP)
    if abi >= _SCOPES_SINCE:
        fields.append(_SCOPES)
    return struct.pack(f"={len(fields)}Q", *fields)


def _create(create_ruleset: int, abi: int) -> int:
    what = attributes(abi)
    return kernel.call(create_ruleset, what, ctypes.c_size_t(len(what)), ctypes.c_uint32(0))


def _allow(add_rule: int, ruleset: int, path: Path) -> None:
    """A path that is not there is passed over."""
    try:
        under = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = _READ_FILE | _READ_DIR if path.is_dir() else _READ_FILE
        rule = struct.pack("=Qi", rights, under)
        kernel.call(add_rule, ruleset, ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
    finally:
        os.close(under)
