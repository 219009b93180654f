"""Papers in the stack's bucket, with what the ledger would say of them, and users who have topics for them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from docuvault_contracts.cloudevents import encode
from docuvault_contracts.events import QuotaReserved
from docuvault_contracts.keys import make_key, new_document_id

from benchmarks import wire
from benchmarks.http_exchange import exchange
from benchmarks.ledger import SQL
from benchmarks.papers.mix import THEMES, Paper
from benchmarks.site import Site
from services.chassis.delivery import Delivery, Origin
from services.chassis.postgres import Pool
from services.classifier.decide import Fact
from services.classifier.settings import Settings

PUTS_AT_ONCE = 8
_offsets: Iterator[int] = count()


def settings_of(site: Site, **changed: object) -> Settings:
    """As the stack's own classifier has them."""
    own = {name.lower(): value for name, value in site.environment("classifier").items()}
    return Settings.model_validate(own | changed)


async def users_with_topics(pool: Pool, number: int) -> list[UUID]:
    """New users with topics."""
    users = [uuid4() for _ in range(number)]
    await topics_of(pool, users)
    return users


async def topics_of(pool: Pool, users: Sequence[UUID]) -> None:
    """Each gets a topic for each theme of the papers, described by the first of its sentences."""
    about = [f"Papers such as this one: {text.partition('.')[0]}" for text in THEMES.values()]
    await pool.execute(SQL["make_topics"], users, list(THEMES), about)


async def put(site: Site, users: Sequence[UUID], papers: Sequence[Paper]) -> list[QuotaReserved]:
    """Puts the papers under new keys, the users taking turns; that each is paid for, for who is to hear it."""
    facts = [_reserved(users[number % len(users)], paper) for number, paper in enumerate(papers)]
    urls = [wire.presigned(site.info, "PUT", each.object_key) for each in facts]
    puts = [wire.put(url, paper.data, paper.content_type) for url, paper in zip(urls, papers, strict=True)]
    await exchange(urlsplit(site.info.minio_url).port or 0, puts, min(PUTS_AT_ONCE, len(puts)))
    return facts


def _reserved(user: UUID, paper: Paper) -> QuotaReserved:
    document = new_document_id()
    return QuotaReserved(
        document_id=document,
        user_id=user,
        object_key=str(make_key(user, document, f"paper{paper.suffix}")),
        version=1,
        used_bytes=0,
        limit_bytes=1 << 60,
        decided_at=datetime.now(UTC),
        size_bytes=len(paper.data),
        etag=hashlib.md5(paper.data).hexdigest(),  # noqa: S324 - what S3 calls an object's etag
    )


def deliveries(facts: Sequence[QuotaReserved]) -> list[Delivery[Fact]]:
    """As a consumer would hand them over."""
    return [Delivery(fact, Origin(fact.topic.name, 0, next(_offsets))) for fact in facts]


async def say(site: Site, facts: Sequence[QuotaReserved]) -> None:
    """Publishes them as the ledger does; they become visible at once."""
    producer = AIOKafkaProducer(**site.info.kafka, transactional_id=f"bench-{uuid4()}")
    await producer.start()
    try:
        async with producer.transaction():
            for fact in facts:
                said = encode(fact, id=str(uuid4()), source="docuvault/quota", time=fact.decided_at)
                await producer.send(said.topic, said.value, said.key, headers=list(said.headers))
    finally:
        await producer.stop()
