"""Whether a document is encrypted, by the marks that each format has for it. PDF's are the parser's to find."""

from __future__ import annotations

from services.classifier.sandbox import zips

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_MANIFEST = "META-INF/manifest.xml"
_MANIFEST_MARK = b"encryption-data"
_MOST_MANIFEST_BYTES = 1024 * 1024
_FLAGS = slice(6, 7)
_ENCRYPTED_FLAG = 0x1


def is_encrypted(data: bytes) -> bool:
    """Office documents with a password, OpenDocument's, and any zip with an encrypted file, also of a head alone."""
    if data.startswith(_OLE):
        return _ENCRYPTED_PACKAGE in data
    return data.startswith(_ZIP) and (_begins_encrypted(data) or zips.has_encrypted(data) or _says_so(data))


def _begins_encrypted(data: bytes) -> bool:
    """By the flags of the first file."""
    return any(flags & _ENCRYPTED_FLAG for flags in data[_FLAGS])


def _says_so(data: bytes) -> bool:
    return _MANIFEST_MARK in zips.start_of(data, _MANIFEST, _MOST_MANIFEST_BYTES)
