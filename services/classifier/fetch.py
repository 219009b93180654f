"""Fetches the beginning of a document's bytes, of those very bytes that were paid for."""

from __future__ import annotations

import asyncio
from typing import Protocol

from docuvault_contracts.keys import parse_key

from services.chassis.storage import ObjectChangedError, ObjectHead, ObjectNotFoundError
from services.classifier.model import Claim
from services.classifier.reading import Source


class Store(Protocol):
    """The one call of the object storage that is needed here."""

    async def read_head(self, object_key: str, most_bytes: int, etag: str) -> ObjectHead:
        """The first `most_bytes`. Raises ObjectNotFoundError, ObjectChangedError, Transient."""
        ...


class Fetch:
    """Reads at most `most_bytes` of a document, within `seconds`."""

    def __init__(self, store: Store, most_bytes: int, seconds: float) -> None:
        self._store = store
        self._most_bytes = most_bytes
        self._seconds = seconds

    async def __call__(self, claim: Claim) -> Source | None:
        """The bytes; None where they are gone or are others by now, of which the ledger will tell. Raises Transient."""
        try:
            async with asyncio.timeout(self._seconds):
                head = await self._store.read_head(claim.object_key, self._most_bytes, claim.etag)
        except (ObjectNotFoundError, ObjectChangedError):
            return None
        return Source(head.data, claim.size_bytes, head.content_type, suffix_of(claim.object_key))


def suffix_of(object_key: str) -> str:
    """With its dot, as in ".md"; "" where the key has none."""
    key = parse_key(object_key)
    return "" if key is None else key.ext
