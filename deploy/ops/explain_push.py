"""What FIX=1 says: a fact that holds already, so that whoever missed it hears it. It writes no table, deletes nothing.

Ids are derived from the fact, so that the same one said twice is one.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from aiokafka import AIOKafkaProducer
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import DocumentDeleted, DocumentEvent, ObjectMissing, ObjectObserved, UploadRequested
from docuvault_contracts.keys import parse_key

from deploy.local.errors import StackError
from deploy.ops.explain_model import Document, Facts, Stored
from deploy.ops.explain_states import Push
from deploy.ops.users import SOURCE

REQUEST_MS = 10_000


def message_of(push: Push, facts: Facts, seen_ns: int | None = None) -> Message:
    """The record that says it. `seen_ns` is a time of the store at or before it was seen to hold nothing.

    Raises StackError where the facts no longer hold.
    """
    match push:
        case Push.OBSERVED if facts.stored is not None:
            return _observed(facts, facts.stored)
        case Push.MISSING if facts.stored is None and seen_ns is not None:
            return _missing(facts, seen_ns)
        case Push.DELETED if facts.document is not None and facts.document.is_deleted_by_owner:
            return _deleted(facts, facts.document)
        case Push.REMIND if facts.document is not None and facts.document.status == "pending":
            return _reminded(facts, facts.document)
    raise StackError(f"{push} no longer holds; look again")


def _owner(facts: Facts) -> dict[str, object]:
    key = parse_key(facts.key)
    if key is None:
        raise StackError("the key is none of ours")
    return {"document_id": key.document_id, "user_id": key.user_id, "object_key": facts.key}


def _observed(facts: Facts, stored: Stored) -> Message:
    seen = {"etag": stored.etag, "size_bytes": stored.size_bytes, "observed_ns": stored.observed_ns}
    event = ObjectObserved.model_validate({**_owner(facts), **seen})
    return _said(event, facts.now, f":{facts.key}:{stored.etag}:{stored.observed_ns}")


def _missing(facts: Facts, seen_ns: int) -> Message:
    event = ObjectMissing.model_validate({**_owner(facts), "observed_ns": seen_ns})
    return _said(event, facts.now, f":{facts.key}:{seen_ns}")


def _deleted(facts: Facts, document: Document) -> Message:
    """As a reminder, so that the ledger answers also where it has let go of the bytes meanwhile."""
    said = {"deleted_at": document.updated_at, "reminded_at": facts.now}
    event = DocumentDeleted.model_validate({**_owner(facts), **said})
    return _said(event, facts.now, f":{facts.now.isoformat()}")


def _reminded(facts: Facts, document: Document) -> Message:
    said = {
        "content_type": document.content_type,
        "requested_at": document.created_at,
        "expires_at": document.expires_at,
        "reminded_at": facts.now,
    }
    event = UploadRequested.model_validate({**_owner(facts), **said})
    return _said(event, facts.now, f":{facts.now.isoformat()}")


def _said(event: DocumentEvent, time: datetime, fact: str) -> Message:
    return encode(event, id=str(_id(event.document_id, event.type + fact)), source=SOURCE, time=time)


def _id(document: UUID, name: str) -> UUID:
    return uuid5(document, name)


async def publish(bootstrap: str, message: Message) -> None:
    """Returns when all replicas of the broker have it. Raises what the driver raises."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, request_timeout_ms=REQUEST_MS
    )
    try:
        await producer.start()
        await producer.send_and_wait(message.topic, message.value, message.key, headers=list(message.headers))
    finally:
        await producer.stop()
