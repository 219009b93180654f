"""Whether a document is encrypted, by the marks that each format has for it. PDF's are the parser's to find."""

from __future__ import annotations

import io
import zipfile

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_MANIFEST = "META-INF/manifest.xml"
_MANIFEST_MARK = b"encryption-data"
_MOST_MANIFEST_BYTES = 1024 * 1024
_ENCRYPTED_FLAG = 0x1
_FLAGS_AT = 6


def is_encrypted(data: bytes) -> bool:
    """Office documents with a password, OpenDocument's, and any zip with an encrypted entry, also of a head alone."""
    if data.startswith(_OLE):
        return _ENCRYPTED_PACKAGE in data
    if data.startswith(_ZIP):
        return bool(data[_FLAGS_AT : _FLAGS_AT + 1] and data[_FLAGS_AT] & _ENCRYPTED_FLAG) or _has_encrypted_entry(data)
    return False


def _has_encrypted_entry(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries.values()):
                return True
            return _MANIFEST in entries and _MANIFEST_MARK in _start_of(archive, entries[_MANIFEST])
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        return False


def _start_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as manifest:
        return manifest.read(_MOST_MANIFEST_BYTES)
