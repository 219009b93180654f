"""Says what holds of a key at this moment, as the events that the ledger hears: a last look, then the record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from docuvault_contracts.cloudevents import Message
from pydantic import SecretStr

from deploy.local.info import StackInfo
from deploy.local.kafka_reach import as_settings
from deploy.ops.audit_heal_filings import last_words
from deploy.ops.audit_heal_rules import Saying, Word
from deploy.ops.operator_events import deleted, missing, observed
from services.chassis.producer import Publisher, open_producer
from services.chassis.retry import apart
from services.chassis.settings import KafkaSettings, StorageSettings
from services.chassis.storage import ObjectStat, ObjectStorage
from services.chassis.storage_minio import open_storage

LastWords = Callable[[Sequence[str], datetime], Awaitable[Mapping[str, Message]]]
"""What the classifier said last, by the keys that are asked for."""


class Speaker:
    """Looks with the audit's own key and role, which can do nothing else, and publishes as the operator."""

    def __init__(self, storage: ObjectStorage, producer: Publisher, last_words: LastWords) -> None:
        self._storage = storage
        self._producer = producer
        self._last_words = last_words

    async def say(self, wanted: Sequence[Saying]) -> list[Saying]:
        """Says those that still hold, all at once, and returns them once they are acked. Raises Transient."""
        filed = [each for each in wanted if each.word is Word.FILED]
        others = [each for each in wanted if each.word is not Word.FILED]
        return [*(await self._say_holdings(others) if others else ()), *await self._say_filed(filed)]

    async def _say_filed(self, wanted: Sequence[Saying]) -> list[Saying]:
        words = await self._last_words([each.holding.key for each in wanted], datetime.now(UTC))
        await self._producer.publish([*words.values()])
        return [each for each in wanted if each.holding.key in words]

    async def _say_holdings(self, wanted: Sequence[Saying]) -> list[Saying]:
        looked_ns = (await apart(self._storage.list_page(most=1))).looked_ns  # before any of the looks
        stats = await asyncio.gather(*(apart(self._storage.stat_object(each.holding.key)) for each in wanted))
        true = [(each, stat) for each, stat in zip(wanted, stats, strict=True) if _holds(each.word, stat)]
        now = datetime.now(UTC)
        await self._producer.publish([_message(each, stat, looked_ns, now) for each, stat in true])
        return [each for each, _ in true]


def _holds(word: Word, stat: ObjectStat | None) -> bool:
    """What was found gone and is there, or the reverse, changes at this moment: whoever does that says it."""
    return word is Word.DELETED or (word is Word.PRESENT) == (stat is not None)


def _message(saying: Saying, stat: ObjectStat | None, looked_ns: int, now: datetime) -> Message:
    key = saying.holding.key
    if saying.word is Word.DELETED:
        deleted_at = saying.holding.document.changed_at if saying.holding.document else None
        return deleted(key, deleted_at or now, now)
    return missing(key, looked_ns, now) if stat is None else observed(key, stat.etag, stat.size, stat.observed_ns, now)


@asynccontextmanager
async def open_speaker(info: StackInfo) -> AsyncIterator[Speaker]:
    """Connects when it first speaks."""
    kafka = KafkaSettings(**as_settings(info.kafka_environment))
    async with open_storage(_store(info)) as storage, open_producer(kafka) as producer:
        yield Speaker(storage, producer, partial(last_words, info))


def _store(info: StackInfo) -> StorageSettings:
    key = info.store_keys["audit"]
    return StorageSettings(
        minio_endpoint=info.minio_endpoint,
        minio_public_endpoint="",
        minio_region=info.minio_region,
        minio_bucket=info.bucket,
        minio_access_key=key.access_key,
        minio_secret_key=SecretStr(key.secret_key),
    )
