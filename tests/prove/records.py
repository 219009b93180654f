"""Facts as records on the wire, written by hand as MinIO and the other services write them; and messages, read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

from docuvault_contracts.cloudevents import Message

from services.chassis.delivery import Record
from tests.prove.facts import Fact, Heard, asks, told_by_store
from tests.prove.spec import Book, Event

BUCKET = "documents"
WHEN = "2026-01-02T03:04:05Z"
TYPES = {
    "present": "upload.observed",
    "absent": "object.missing",
    "deleted": "document.deleted",
    "registered": "user.registered",
}


def record_of(heard: Heard, books: list[Book]) -> Record:
    """The record, as the users in `books` are concerned."""
    (first, origin), *_ = heard.facts
    if told_by_store(first):
        value: Any = {"Records": [_notified(fact, books[fact.user]) for fact, _ in heard.facts]}
        headers: tuple[tuple[str, bytes | None], ...] = ()
    else:
        value, headers = _event(first, books[first.user]), _headers(first, origin.offset)
    return Record(origin.topic, origin.partition, origin.offset, b"", json.dumps(value).encode(), headers, 0)


def traceparent(fact: Fact) -> str | None:
    return f"00-{fact.trace:032x}-{1:016x}-01" if fact.trace else None


def _notified(fact: Fact, book: Book) -> dict[str, Any]:
    item: dict[str, Any] = {"key": quote_plus(book.key(fact)), "sequencer": f"{fact.at:X}"}
    if fact.kind == "present":
        item |= {"eTag": fact.etag, "size": fact.size}
    if fact.trace:
        item["userMetadata"] = {"X-Amz-Meta-Traceparent": traceparent(fact)}
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=fact.at // 1000)
    name = "s3:ObjectCreated:Put" if fact.kind == "present" else "s3:ObjectRemoved:Delete"
    return {"eventName": name, "eventTime": time.isoformat(), "s3": {"bucket": {"name": BUCKET}, "object": item}}


def _event(fact: Fact, book: Book) -> dict[str, Any]:
    if fact.kind == "registered":
        limit = {} if fact.size < 0 else {"limit_bytes": fact.size}
        return {"user_id": str(book.user), "registered_at": WHEN, **limit}
    about = {"document_id": str(book.document(fact)), "user_id": str(book.user), "object_key": book.key(fact)}
    if fact.kind == "deleted":
        return {**about, "deleted_at": WHEN, **({"reminded_at": WHEN} if asks(fact) else {})}
    held = {"etag": fact.etag, "size_bytes": fact.size} if fact.kind == "present" else {}
    return {**about, **held, "observed_ns": fact.at}


def _headers(fact: Fact, offset: int) -> tuple[tuple[str, bytes | None], ...]:
    trace = traceparent(fact)
    attributes = {"specversion": "1.0", "id": f"{fact.kind}-{offset}", "source": "test", "type": TYPES[fact.kind]}
    headers = [(f"ce_{name}", text.encode()) for name, text in {**attributes, "time": WHEN}.items()]
    return (*headers, ("traceparent", trace.encode())) if trace else tuple(headers)


def message_of(event: Event, trace: str | None = None) -> dict[str, Any]:
    """What must be published for an event of the model."""
    key = event["data"].get("document_id", event["data"]["user_id"])
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event["id"],
        "ce_source": "docuvault/quota",
        "ce_type": event["type"],
        "ce_subject": key,
        "content-type": "application/json",
    }
    if trace:
        headers["traceparent"] = trace
    return {"topic": "quota", "key": key, "headers": headers, "time": event.get("time"), "data": event["data"]}


def read_message(message: Message) -> dict[str, Any]:
    """A published message, in the same words; when a limit changed is the database's to say."""
    headers = {name: value.decode() for name, value in message.headers}
    assert len(headers) == len(message.headers), f"a header twice: {message.headers}"
    data = json.loads(message.value)
    time = datetime.fromisoformat(headers.pop("ce_time"))
    if headers["ce_type"] == "quota.limit_changed":
        assert datetime.fromisoformat(data.pop("changed_at")) == time
        told = None
    else:
        assert headers.pop("ce_observedns").isdigit(), "the time of the bytes, which grows as the same are seen later"
        data["decided_at"], told = datetime.fromisoformat(data["decided_at"]), time
    return {"topic": message.topic, "key": message.key.decode(), "headers": headers, "time": told, "data": data}
