"""Object keys: `{user_id}/{document_id}/{uuid4}{ext}`, made by the server and parsed by everyone else."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_KEY = re.compile(rf"(?P<user>{_UUID})/(?P<document>{_UUID})/(?P<nonce>{_UUID})(?P<ext>(?:\.[^/]*)?)")
_OURS = re.compile(rf"{_UUID}/{_UUID}/{_UUID}(?:\.[^/]*)?")
MAX_EXT_BYTES = 64
"""A longer suffix is no file type; it is left off so that the key stays far below S3's limit of 1,024 bytes."""


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """Whose object it is and which document it belongs to, read from the key alone."""

    user_id: UUID
    document_id: UUID
    nonce: UUID
    ext: str

    def __str__(self) -> str:
        """The key as the store knows it (not URL-escaped)."""
        return f"{self.user_id}/{self.document_id}/{self.nonce}{self.ext}"


def new_document_id() -> UUID:
    """A fresh document id: UUID version 7 (RFC 9562), so that ids of one time lie side by side in every index.

    The millisecond, its fraction in 12 bits, and 62 random bits; nobody guesses one, but it tells when it was made.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62))


def make_key(user_id: UUID, document_id: UUID, filename: str) -> ObjectKey:
    """A fresh key for an upload; of the file name only its lower-cased last suffix is kept."""
    return ObjectKey(user_id, document_id, uuid4(), extension_of(filename))


def extension_of(filename: str) -> str:
    """The lower-cased last suffix with its dot, or "" where there is none that could be a file type."""
    names = [name for name in filename.replace("\\", "/").split("/") if name not in {"", "."}]
    name = names[-1] if names else ""
    dot = name.rfind(".")
    ext = name[dot:].lower() if 0 < dot < len(name) - 1 else ""
    plain = ext.isprintable() and len(ext.encode("utf-8", "surrogatepass")) <= MAX_EXT_BYTES
    return ext if plain else ""


def parse_key(key: str) -> ObjectKey | None:
    """The parts of one of our keys; None for a key that no server of ours made."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    return ObjectKey(UUID(match["user"]), UUID(match["document"]), UUID(match["nonce"]), match["ext"])


def owner_of(key: str) -> tuple[str, str] | None:
    """User and document id of one of our keys, as they stand in it, for who needs no more; None where parse_key is."""
    return (key[:36], key[37:73]) if _OURS.fullmatch(key) else None
