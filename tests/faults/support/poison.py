"""Records that nobody can understand, one for each way of being wrong, and who is to say so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import DocumentDeleted, QuotaReleased

from tests.faults.support.wire import Raw

MEGABYTE = 1024 * 1024
Headers = tuple[tuple[str, bytes | None], ...]

READERS: Mapping[str, frozenset[str]] = {
    topics.STORAGE_EVENTS.name: frozenset({"quota"}),
    topics.DOCUMENTS.name: frozenset({"quota", "janitor"}),
    topics.QUOTA.name: frozenset({"upload", "janitor"}),
}
"""The groups that read a topic, each of which finds the same record bad."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A bad record where it was written."""

    raw: Raw
    partition: int
    offset: int


def notifications(good: bytes, bucket: str) -> list[Raw]:
    """Bad ones of the store, made of a good one."""
    text = good.decode()
    key = json.loads(good)["Records"][0]["s3"]["object"]["key"]
    values: list[bytes | None] = [
        b"",
        None,
        b"\xff\xfe\x00garbage",
        b"x" * MEGABYTE,
        json.dumps({"Records": "x" * MEGABYTE}).encode(),
        good[: len(good) // 2],
        b"[" * 100_000,
        b"{}",
        b'{"Records": []}',
        b'{"Records": [7]}',
        text.replace(f'"name": "{bucket}"', '"name": "of-somebody-else"').encode(),
        text.replace(key, "not/one/of/ours.pdf").encode(),
        text.replace(key, "%FF%FE").encode(),
        text.replace('"size": ', '"size": -').encode(),
        text.replace('"size": ', f'"size": {2**63}').encode(),
        text.replace('"sequencer": "', '"sequencer": "no hex')
        .replace('"eventTime": "', '"eventTime": "never')
        .encode(),
    ]
    assert good not in values
    return [Raw(topics.STORAGE_EVENTS.name, value, f"{bucket}/{key}".encode()) for value in values]


def events(topic: str) -> list[Raw]:
    """Bad CloudEvents, of a type that every reader of the topic wants to hear."""
    message = _deleted() if topic == topics.DOCUMENTS.name else _released()
    good, value = dict(message.headers), message.value
    wrong: list[tuple[Headers, bytes | None]] = [
        ((), b"\xff\xfe\x00garbage"),
        ((), None),
        ((), b"x" * MEGABYTE),
        (_with(good, ce_specversion=b"0.3"), value),
        (_with(good, ce_type=b"\xff\xfe"), value),
        (_with(good, ce_id=b"\xff\xfe"), value),
        (_with(good, ce_id=b""), value),
        (_with(good, ce_time=b"yesterday"), value),
        ((*_with(good), ("ce_id", b"again")), value),
        ((*((name, each) for name, each in _with(good) if name != "ce_source"),), value),
        ((*((name, each) for name, each in _with(good) if name != "ce_source"), ("ce_source", None)), value),
        (_with(good), value[: len(value) // 2]),
        (_with(good), b"[" * 100_000),
        (_with(good), b"{}"),
        (_with(good), None),
        (_with(good), value.replace(b'"user_id":"', b'"user_id":"nobody ')),
        (_with(good), b'{"x": "' + b"x" * MEGABYTE + b'"}'),
    ]
    return [Raw(topic, each, message.key, headers) for headers, each in wrong]


def _with(good: Mapping[str, bytes], **other: bytes) -> Headers:
    return tuple({**good, **other}.items())


def _deleted() -> Message:
    user, document, now = uuid4(), uuid4(), datetime.now(UTC)
    key = f"{user}/{document}/{uuid4()}.pdf"
    event = DocumentDeleted(document_id=document, user_id=user, object_key=key, deleted_at=now)
    return encode(event, id=str(uuid4()), source="tests", time=now)


def _released() -> Message:
    user, document, now = uuid4(), uuid4(), datetime.now(UTC)
    event = QuotaReleased(
        document_id=document,
        user_id=user,
        object_key=f"{user}/{document}/{uuid4()}.pdf",
        version=1,
        used_bytes=0,
        limit_bytes=0,
        decided_at=now,
        released_bytes=0,
        reason="document_deleted",
    )
    return encode(event, id=str(uuid4()), source="tests", time=now)
