"""A floor: a consumer and a producer that decide nothing. `python -m benchmarks.bare_pair`, ended by SIGTERM.

aiokafka alone, with the options of the chassis: polls, says a ready-made event for each record, awaits the acks,
commits, and prints the line that the chassis would log.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from datetime import UTC, datetime
from uuid import uuid4

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import QuotaReserved
from docuvault_contracts.keys import make_key
from msgspec.structs import replace

from services.chassis.kafka_access import access
from services.chassis.settings import KafkaSettings

GROUP = "bare-pair"
FROM = "BARE_FROM"
"""The variable that names another topic to read than the store's."""
TOPIC = "BARE_TOPIC"
"""The variable that names another topic for the events than the ledger's, where its readers are at work."""
_MEGABYTE = 1024 * 1024


def ready_made() -> Message:
    """An event as long as the ledger's."""
    user_id, document_id, now = uuid4(), uuid4(), datetime.now(UTC)
    event = QuotaReserved(
        document_id=document_id,
        user_id=user_id,
        object_key=str(make_key(user_id, document_id, "scan.pdf")),
        version=1,
        used_bytes=10_000,
        limit_bytes=2**50,
        decided_at=now,
        size_bytes=1000,
        etag=uuid4().hex,
    )
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    return encode(event, id=str(uuid4()), source="docuvault/quota", time=now, traceparent=trace)


async def pump(
    consumer: AIOKafkaConsumer, producer: AIOKafkaProducer, most: int, message: Message, stop: asyncio.Event
) -> None:
    """Until `stop`."""
    headers = list(message.headers)
    while not stop.is_set():
        found = await consumer.getmany(timeout_ms=200, max_records=most)
        started, records = time.perf_counter(), [record for batch in found.values() for record in batch]
        if not records:
            continue
        sends = [await producer.send(message.topic, message.value, each.key[-40:], headers=headers) for each in records]
        await asyncio.wait(sends)
        published = time.perf_counter()
        await consumer.commit({partition: batch[-1].offset + 1 for partition, batch in found.items() if batch})
        say(len(records), published - started, time.perf_counter() - published)


def say(records: int, publish: float, commit: float) -> None:
    """One line a batch."""
    line = {
        "time": datetime.now(UTC).isoformat(),
        "event": "consumer.batch",
        "records": records,
        "published": records,
        "dead_letters": 0,
        "publish_ms": round(publish * 1000, 2),
        "commit_ms": round(commit * 1000, 2),
    }
    print(json.dumps(line), flush=True)  # noqa: T201 - what the benchmark reads


async def main() -> None:
    """Wiring."""
    settings, stop = KafkaSettings(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    consumer = AIOKafkaConsumer(
        os.environ.get(FROM, topics.STORAGE_EVENTS.name),
        **access(settings),
        group_id=GROUP,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=2 * _MEGABYTE,
        fetch_max_bytes=8 * _MEGABYTE,
    )
    producer = AIOKafkaProducer(
        **access(settings),
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=_MEGABYTE // 4,
    )
    async with consumer, producer:
        message = replace(ready_made(), topic=os.environ.get(TOPIC, topics.QUOTA.name))
        await pump(consumer, producer, settings.kafka_max_batch, message, stop)


if __name__ == "__main__":
    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(main())
