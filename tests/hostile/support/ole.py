"""The container of old Office documents and of encrypted new ones: streams in a file system of sectors."""

from __future__ import annotations

import struct
from collections.abc import Mapping

_SECTOR = 512
_END, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_LEAST = 4096
"""Smaller streams would be kept elsewhere."""


def ole(streams: Mapping[str, bytes]) -> bytes:
    """A container of these streams, each filled up to 4 KiB with zeros."""
    table, data, entries = [_TABLE, _END], b"", [_entry("Root Entry", _END, 0, _FREE)]
    for number, (name, content) in enumerate(streams.items(), 1):
        first, sectors = len(table), -(-max(len(content), _LEAST) // _SECTOR)
        table += [*range(first + 1, first + sectors), _END]
        data += content.ljust(sectors * _SECTOR, b"\0")
        right = number + 1 if number < len(streams) else _FREE
        entries.append(_entry(name, first, sectors * _SECTOR, right))
    directory = b"".join(entries)[: 4 * 128].ljust(_SECTOR, b"\0")
    allocation = struct.pack("<128I", *(table + [_FREE] * 128)[:128])
    return _header() + allocation + directory + data


def _header() -> bytes:
    head = struct.pack("<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, *_places())
    return head + struct.pack("<109I", 0, *[_FREE] * 108)


def _places() -> tuple[int, ...]:
    """Sectors of the directory, of the table, of small streams and of more tables."""
    return (0, 1, 1, 0, _LEAST, _END, 0, _END, 0)


def _entry(name: str, first: int, size: int, right: int) -> bytes:
    """A stream and the next one in its folder, or the root, which has no bytes."""
    raw, is_root = (name + "\0").encode("utf-16-le"), size == 0
    kind, child = (5, 1) if is_root else (2, _FREE)
    return struct.pack("<64sHBBIII36xIQ", raw, len(raw), kind, 1, _FREE, right, child, first, size)
