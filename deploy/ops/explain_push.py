"""What FIX=1 says: a fact that holds already, so that who missed it hears it. It writes no table, deletes nothing."""

from __future__ import annotations

from aiokafka import AIOKafkaProducer
from docuvault_contracts.cloudevents import Message

from deploy.local.errors import StackError
from deploy.local.kafka_reach import Reach
from deploy.ops.explain_model import Facts
from deploy.ops.explain_states import Push
from deploy.ops.operator_events import deleted, missing, observed, reminded

REQUEST_MS = 10_000


def message_of(push: Push, facts: Facts, seen_ns: int | None = None) -> Message:
    """The record that says it. `seen_ns` is a time of the store at or before it was seen to hold nothing.

    Raises StackError where the facts no longer hold.
    """
    key, stored, document = facts.key, facts.stored, facts.document
    match push:
        case Push.OBSERVED if stored is not None:
            return observed(key, stored.etag, stored.size_bytes, stored.observed_ns, facts.now)
        case Push.MISSING if stored is None and seen_ns is not None:
            return missing(key, seen_ns, facts.now)
        case Push.DELETED if document is not None and document.is_deleted_by_owner:
            return deleted(key, document.updated_at, facts.now)
        case Push.REMIND if document is not None and document.status == "pending":
            return reminded(key, document.content_type, document.created_at, document.expires_at, facts.now)
    raise StackError(f"{push} no longer holds; look again")


async def publish(reach: Reach, message: Message) -> None:
    """Returns when all replicas of the broker have it. Raises what the driver raises."""
    producer = AIOKafkaProducer(**reach, acks="all", enable_idempotence=True, request_timeout_ms=REQUEST_MS)
    try:
        await producer.start()
        await producer.send_and_wait(message.topic, message.value, message.key, headers=list(message.headers))
    finally:
        await producer.stop()
