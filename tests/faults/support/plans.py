"""What the clients of a load do, and what each of them did."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.stack.support.api import Client, Upload

MAX_BYTES = 4096


class Kind(StrEnum):
    """What a client does with one document."""

    LEFT = "left"
    CONFIRMED = "confirmed"
    REPLACED = "replaced"
    DELETED = "deleted"
    TOO_LARGE = "too large"


MIXED: Mapping[Kind, int] = {Kind.LEFT: 6, Kind.CONFIRMED: 5, Kind.REPLACED: 3, Kind.DELETED: 3, Kind.TOO_LARGE: 3}
PATIENT: Mapping[Kind, int] = {**MIXED, Kind.LEFT: 14}
"""Mostly uploads that nobody confirms: a confirm waits long for a ledger that cannot answer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """So many users, each with at most so many documents; `pause` seconds between two, on average.

    `put_seconds` is how long a client waits for the store before it sends its bytes again.
    """

    users: int = 6
    uploads: int = 40
    seed: int = 1
    pause: float = 0.0
    kinds: Mapping[Kind, int] = field(default_factory=lambda: MIXED)
    confirms: int = 3
    put_seconds: float = 60.0

    @property
    def limit_bytes(self) -> int:
        """What every user may hold: all of its documents at their largest, and nothing beyond."""
        return self.uploads * MAX_BYTES


@dataclass(slots=True)
class Story:
    """What a client did with a document. `data` are the bytes whose PUT was acknowledged last."""

    client: Client
    upload: Upload
    kind: Kind
    data: bytes = b""

    @property
    def etag(self) -> str:
        """The etag of the last acknowledged bytes, as S3 makes it."""
        return hashlib.md5(self.data, usedforsecurity=False).hexdigest()
