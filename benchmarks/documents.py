"""Documents that wait for their confirm: made and put through the API that is measured."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks import wire
from benchmarks.http_exchange import exchange

PUTS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document: the request that puts its bytes, the one that confirms it, and the one that asks for it."""

    put: bytes
    confirm: bytes
    look: bytes
    """The request that asks for it."""


async def requested(port: int, tokens: Sequence[str], number: int, content: bytes = wire.CONTENT) -> list[Waiting]:
    """So many pending documents, their owners taking turns, asked for at a server's port; what is put is `content`."""
    owners = [tokens[each % len(tokens)] for each in range(number)]
    answers = await exchange(port, [wire.upload_url(token) for token in owners], min(len(tokens), number))
    made = [json.loads(answer.body) for answer in answers]
    return [
        Waiting(
            wire.put(each["upload_url"], content),
            wire.confirm(token, each["document_id"]),
            wire.document(token, each["document_id"]),
        )
        for token, each in zip(owners, made, strict=True)
    ]


async def uploaded(minio_url: str, documents: Sequence[Waiting]) -> None:
    """Puts the bytes of all."""
    port = urlsplit(minio_url).port or 0
    await exchange(port, [each.put for each in documents], min(PUTS_AT_ONCE, len(documents)))
