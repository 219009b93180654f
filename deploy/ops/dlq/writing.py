"""Puts records back where they came from, and says in the journal what was done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTopicError, KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from docuvault_contracts.cloudevents import Message
from docuvault_contracts.deadletters import JournalEntry

from deploy.local.errors import StackError, one_line
from deploy.local.kafka_reach import Reach
from deploy.ops.dlq.journal import TOPIC
from deploy.ops.dlq.letters import Original, Place, Refusal
from deploy.ops.kafka import CLOSE_SECONDS, FETCH_BYTES, REQUEST_MS, TIMEOUT_SECONDS, answer
from services.chassis import producer_packing
from services.chassis.retry import apart

_BATCH_BYTES = 256 * 1024
"""Far below every topic's limit: a batch that is refused for its size holds one record."""
_NEVER = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTopicError)
_CONTENT_TYPE = (("content-type", b"application/json"),)


@dataclass(slots=True)
class _Pack:
    """Records of one partition, and which of those given they are."""

    topic: str
    partition: int
    builder: Any
    members: list[int] = field(default_factory=list)


class Writer:
    """Writes with acks of all replicas; records of one partition stay in order.

    Not idempotent: such a producer is of no use any more once the broker has refused one record, and what is written
    twice here is read twice at most.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def put_back(self, originals: Sequence[Original]) -> list[Place | Refusal]:
        """Where each of them stands now, all of it acked. Raises StackError where Kafka does not ack."""
        packs = self._packed(originals)
        acks = [
            await answer(self._producer.send_batch(pack.builder, pack.topic, partition=pack.partition))
            for pack in packs
        ]
        await _acked(acks)
        places: dict[int, Place | Refusal] = {}
        for pack, ack in zip(packs, acks, strict=True):
            places.update(_places(pack, ack, originals))
        return [places[number] for number in range(len(originals))]

    async def journal(self, entries: Sequence[JournalEntry]) -> None:
        """Notes what was done; acked when it returns. Raises StackError."""
        messages = [Message(TOPIC, entry.key.encode(), _json(entry), _CONTENT_TYPE) for entry in entries]
        partitions = len(await answer(self._producer.partitions_for(TOPIC)))
        packed = producer_packing.pack(TOPIC, messages, partitions, self._producer.create_batch)
        acks = [
            await answer(self._producer.send_batch(each.builder, each.topic, partition=each.partition))
            for each in packed
        ]
        await _acked(acks)
        for ack in acks:
            try:
                _result(ack)
            except _NEVER as error:
                raise StackError(f"what was done cannot be noted in {TOPIC}: {one_line(error)}") from error

    def _packed(self, originals: Sequence[Original]) -> list[_Pack]:
        packs: list[_Pack] = []
        latest: dict[tuple[str, int], _Pack] = {}
        for number, original in enumerate(originals):
            at = (original.topic, original.partition)
            if at not in latest or not _added(latest[at].builder, original):
                latest[at] = _Pack(*at, self._producer.create_batch())
                packs.append(latest[at])
                _added(latest[at].builder, original)  # the first of a batch always fits
            latest[at].members.append(number)
        return packs


async def _acked(acks: Sequence[asyncio.Future[Any]]) -> None:
    if acks:
        _, late = await asyncio.wait(acks, timeout=2 * TIMEOUT_SECONDS)
        if late:
            raise StackError(f"Kafka does not ack within {2 * TIMEOUT_SECONDS:.0f} s; `make status` says more")


def _json(entry: JournalEntry) -> bytes:
    return entry.model_dump_json(exclude_defaults=True).encode()


def _added(builder: Any, original: Original) -> bool:  # noqa: ANN401 - aiokafka has no types
    added = builder.append(timestamp=None, key=original.key, value=original.value, headers=list(original.headers))
    return added is not None


def _places(pack: _Pack, ack: asyncio.Future[Any], originals: Sequence[Original]) -> dict[int, Place | Refusal]:
    try:
        first = _result(ack).offset
    except _NEVER as error:
        reason = f"Kafka takes no such record: {one_line(error)}"
        return {number: Refusal(originals[number].letter, reason) for number in pack.members}
    return {number: Place(pack.topic, pack.partition, first + at) for at, number in enumerate(pack.members)}


def _result(ack: asyncio.Future[Any]) -> Any:  # noqa: ANN401 - as above
    try:
        return ack.result()
    except _NEVER:
        raise
    except (KafkaError, OSError) as error:
        raise StackError(f"Kafka does not ack: {one_line(error)}; `make status` says more") from error


@asynccontextmanager
async def open_writer(reach: Reach) -> AsyncIterator[Writer]:
    """Connects. Raises StackError where no broker answers."""
    producer = AIOKafkaProducer(
        **reach,
        acks="all",
        enable_idempotence=False,
        max_batch_size=_BATCH_BYTES,
        max_request_size=FETCH_BYTES,
        request_timeout_ms=REQUEST_MS,
    )
    try:
        await answer(producer.start())
        yield Writer(producer)
    finally:
        with suppress(TimeoutError, KafkaError, OSError):  # all that counts is acked
            await apart(producer.stop(), CLOSE_SECONDS)
