"""What zips say of themselves. Nothing is unpacked but the start of one small file."""

from __future__ import annotations

import codecs
import io
import lzma
import struct
import zipfile
import zlib

_OLD_NAMES = codecs.lookup("cp437")
"""Names in a zip are in this encoding where they do not say otherwise; loaded while files can still be opened."""

_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(ValueError, OSError, EOFError, RuntimeError, OverflowError),
)
_ENCRYPTED_FLAG = 0x1


def names(data: bytes) -> set[str]:
    """The names of its files; none where it is broken."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return set(archive.namelist())
    except _BROKEN:
        return set()


def has_encrypted(data: bytes) -> bool:
    """One of its files is encrypted; False also where it is broken."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(entry.flag_bits & _ENCRYPTED_FLAG for entry in archive.infolist())
    except _BROKEN:
        return False


def start_of(data: bytes, name: str, most_bytes: int) -> bytes:
    """The first bytes of one file; nothing where it is not there, or broken."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(name) as file:
            return file.read(most_bytes)
    except (*_BROKEN, KeyError):
        return b""
