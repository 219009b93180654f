"""What an event of the ledger takes the upload service: the row, the copy of the account, a hint said and heard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import QuotaReserved
from docuvault_contracts.keys import make_key, new_document_id
from pydantic import SecretStr

from benchmarks import bare_pair
from benchmarks.backlog import said_at_once, skip_to_end
from benchmarks.bare_confirm import ECHO
from benchmarks.ledger import SQL, USERS, watched
from benchmarks.lines.decisions import own_cpu
from benchmarks.model import Line, Pair, Reading, at_most
from benchmarks.site import Site
from deploy.local.setup_kafka import setup_kafka
from services.chassis.migrations import migrate
from services.chassis.postgres import Pool, open_pool
from services.chassis.settings import DatabaseSettings
from services.upload.handler import GROUP
from services.upload.settings import Settings

SIZE_BYTES = 1000
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_Uploads = Sequence[tuple[UUID, UUID, str]]
"""Document, user and object key of each."""


async def _pile_up(site: Site, pool: Pool, users: Sequence[UUID]) -> None:
    """Pending documents, and the ledger's word that each is paid for."""
    uploads = list(_uploads(users, site.options.records))
    await pool.execute(SQL["fill_documents"], *map(list, zip(*uploads, strict=True)))
    async with said_at_once(site, _decisions(uploads)):
        pass


def _uploads(users: Sequence[UUID], number: int) -> Iterator[tuple[UUID, UUID, str]]:
    for each in range(number):
        user, document = users[each % len(users)], new_document_id()
        yield document, user, str(make_key(user, document, "scan.pdf"))


def _decisions(uploads: _Uploads) -> Iterator[Message]:
    for document, user, key in uploads:
        now = datetime.now(UTC)
        event = QuotaReserved(
            document_id=document,
            user_id=user,
            object_key=key,
            version=1,
            used_bytes=SIZE_BYTES,
            limit_bytes=2**50,
            decided_at=now,
            size_bytes=SIZE_BYTES,
            etag=uuid4().hex,
        )
        yield encode(event, id=str(uuid4()), source="docuvault/quota", time=now, traceparent=_TRACE)


@asynccontextmanager
async def _pair(site: Site) -> AsyncIterator[Pair]:
    await setup_kafka(site.info.kafka, [ECHO])
    for topic in (topics.QUOTA, topics.CLASSIFICATION, topics.STORAGE_JANITOR):
        await skip_to_end(site, GROUP, topic)
    await skip_to_end(site, bare_pair.GROUP, topics.QUOTA)
    users = [uuid4() for _ in range(USERS)]
    batch = str(Settings.model_fields["kafka_max_batch"].default)
    bare = {
        **site.info.kafka_environment,
        "KAFKA_MAX_BATCH": batch,
        bare_pair.FROM: topics.QUOTA.name,
        bare_pair.TOPIC: ECHO.name,
    }

    async def subject() -> Reading:
        async with site.service("upload", HTTP_PORT=str(site.port(1))) as upload:
            return await watched(site, [upload], site.options.records)

    async def floor() -> Reading:
        async with site.running(bare_pair.__name__, bare) as child:
            return await watched(site, [child], site.options.records)

    url = SecretStr(site.info.databases["upload"])
    async with open_pool(DatabaseSettings(database_url=url)) as pool:
        await migrate(pool, "services.upload")
        yield Pair(own_cpu(subject), own_cpu(floor), lambda: _pile_up(site, pool, users))


LINE = Line(
    "CPU of an event of the ledger, upload's own process",
    "the CPU of the bare pair",
    at_most(4.0),
    _pair,
    unit="us",
)
