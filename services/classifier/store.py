"""What the classifier knows of each document, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import asyncpg
import structlog

from services.chassis.delivery import Delivery
from services.chassis.failpoints import failpoint
from services.chassis.postgres import Connection, load_sql, transaction, translated
from services.classifier.bell import Bell
from services.classifier.decide import Fact, concerns, learn_all
from services.classifier.model import Known, State

log = structlog.get_logger(__name__)

SQL = load_sql("services.classifier")


async def enter_line(connection: Connection, document_ids: Sequence[UUID]) -> None:
    """Puts documents in line, in this order, in the caller's transaction, which has locked them; then ring the bell."""
    await connection.execute(SQL["enter_line"], document_ids)


class PgDocuments:
    """The table `documents`; a constant number of round trips for a batch of any size. All raise Transient."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], bell: Bell) -> None:
        self._pool = pool
        self._bell = bell

    async def learn(self, batch: Sequence[Delivery[Fact]]) -> Sequence[Known]:
        """See handler.Documents. The rows stay locked while they are read, decided and written, and no longer."""
        heard = _by_document(batch)  # in the order in which they arrive, which is that of the line
        async with transaction(self._pool) as connection:
            before = await _lock(connection, heard)
            changed = [after for known in before if (after := _after(known, heard[known.document_id])) is not known]
            await _write(connection, changed)
            failpoint("classifier.before_commit")
        if any(known.enters for known in changed):
            self._bell.ring()
        return changed

    async def expire(self, retention_seconds: float, most: int) -> int:
        """Forgets at most `most` documents whose bytes went so long ago; how many there were."""
        with translated():
            done = await self._pool.execute(SQL["expire_documents"], retention_seconds, most)
        return int(done.rpartition(" ")[2])


def _by_document(batch: Iterable[Delivery[Fact]]) -> dict[UUID, list[Delivery[Fact]]]:
    heard: dict[UUID, list[Delivery[Fact]]] = {}
    for delivery in batch:
        heard.setdefault(delivery.event.document_id, []).append(delivery)
    return heard


def _after(known: Known, facts: Sequence[Delivery[Fact]]) -> Known:
    mine, foreign = _parted(known, facts)
    for delivery in foreign:
        _ignore(delivery)
    return learn_all(known, ((delivery.event, delivery.traceparent) for delivery in mine))


def _parted(known: Known, facts: Iterable[Delivery[Fact]]) -> tuple[list[Delivery[Fact]], list[Delivery[Fact]]]:
    found = list(facts)
    mine = [delivery for delivery in found if concerns(known, delivery.event)]
    return mine, [delivery for delivery in found if not concerns(known, delivery.event)]


def _ignore(delivery: Delivery[Fact]) -> None:
    """A document has one key, for good: what names its id with another is about no document of ours."""
    log.warning(
        "classifier.foreign_key",
        document_id=str(delivery.event.document_id),
        event_type=delivery.event.type,
        topic=delivery.origin.topic,
        partition=delivery.origin.partition,
        offset=delivery.origin.offset,
    )


async def _lock(connection: Connection, heard: Mapping[UUID, Sequence[Delivery[Fact]]]) -> list[Known]:
    """In the order of `heard`; locked in sorted order, so that no two transactions wait for each other."""
    ids = sorted(heard)
    firsts = [heard[each][0].event for each in ids]
    await connection.execute(
        SQL["open_documents"], ids, [fact.user_id for fact in firsts], [fact.object_key for fact in firsts]
    )
    known = {row["document_id"]: _known(row) for row in await connection.fetch(SQL["lock_documents"], ids)}
    return [known[each] for each in heard]


async def _write(connection: Connection, news: Sequence[Known]) -> None:
    if news:
        await connection.execute(SQL["write_documents"], *_columns(news))
    if forgotten := [known.document_id for known in news if known.forgets]:
        await connection.execute(SQL["forget_examples"], forgotten)
    if entering := [known.document_id for known in news if known.enters]:
        await enter_line(connection, entering)


def _columns(news: Sequence[Known]) -> Iterable[Sequence[object]]:
    return zip(*map(_parameters, news), strict=True)


def _parameters(known: Known) -> tuple[object, ...]:
    """What makes one row of sql/write_documents.sql."""
    return (
        known.document_id, known.version, known.state, known.etag, known.size_bytes, known.traceparent,
        known.asked_at, known.round, known.waits and not known.enters, known.corrected, known.forgets,
    )  # fmt: skip


def _known(row: asyncpg.Record) -> Known:
    return Known(**{**dict(row), "state": State(row["state"])})
