"""Requests that may be sent again: under a key of the client's, what was asked for, and what was made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from uuid import UUID

import orjson
from docuvault_contracts.http import Request

from services.upload.decide import Refused


class KeyRefused(Enum):
    """Why a key cannot be used; the value is for a program."""

    REUSED = "idempotency_key_reused"
    EXPIRED = "idempotency_key_expired"


@dataclass(frozen=True, slots=True)
class Claim:
    """A user's request under a key, which is theirs alone; `fingerprint` is of what is asked for."""

    user_id: UUID
    key: str
    fingerprint: bytes


def claim_of(user_id: UUID, key: str, operation: str, body: Request) -> Claim:
    """The claim of a request: two are the same where a checked body says the same, however it was written."""
    said = f"{operation}\n{body.model_dump_json(exclude_defaults=True)}"
    return Claim(user_id, key, sha256(said.encode()).digest())


@dataclass(frozen=True, slots=True)
class Kept:
    """What a key stands for: the documents that were made and the refusals, by the files' places in the request."""

    fingerprint: bytes
    made: Mapping[int, UUID]
    refused: Mapping[int, Refused]

    def to_json(self) -> str:
        """All but the fingerprint."""
        refused = {
            str(place): [each.used_bytes, each.limit_bytes, each.rejected_bytes] for place, each in self.refused.items()
        }
        made = {str(place): str(document_id) for place, document_id in self.made.items()}
        return orjson.dumps({"made": made, "refused": refused}).decode()

    @classmethod
    def from_json(cls, fingerprint: bytes, text: str) -> Kept:
        """What `to_json` wrote."""
        said = orjson.loads(text)
        made = {int(place): UUID(document_id) for place, document_id in said["made"].items()}
        return cls(fingerprint, made, {int(place): Refused(*each) for place, each in said["refused"].items()})
