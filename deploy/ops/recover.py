"""After a restore of PostgreSQL: what Kafka knows and the backup does not is brought back, before any service starts.

In three steps, each of which may be repeated: the ledger's history out of topic `quota`; the groups' offsets, back to
before the backup; the documents' rows out of topic `documents`. The last step is what a repetition knows an unfinished
recovery by: until then the newest document in the tables is as old as the backup.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import asyncpg
from docuvault_contracts import topics

from deploy.local.errors import StackError
from deploy.local.info import StackInfo
from deploy.local.kafka_reach import Reach
from deploy.ops import groups
from deploy.ops.audit_servers import READERS
from deploy.ops.kafka import Kafka, open_kafka
from deploy.ops.moves import Move, moves_back
from deploy.ops.window import Spans, read_spans, spans_since
from services.chassis.postgres import Connection, load_sql
from services.quota.restore import apply as ledger
from services.upload.restore import apply as documents
from services.upload.restore.reading import nameless

CONNECT_SECONDS = 10.0
PART = 1000
"""Documents looked for at once."""
SESSIONS = load_sql("deploy.ops")["sessions"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. `since` is a moment before the backup was made, as far as anybody knows.

    `margin` goes further back, for clocks that differ and for what a group had yet to hear by then. With `incomplete`,
    decisions that cannot be placed are left to be decided anew.
    """

    since: datetime
    margin: timedelta
    dry_run: bool = False
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was done. `since` is from when on all was read; of `nameless` documents only the bytes are known."""

    since: datetime
    ledger: ledger.Restored
    documents: documents.Restored
    nameless: int
    moves: Mapping[str, Sequence[Move]]


class _Undone(Exception):
    """Takes back what was written, at the end of a dry run."""


@dataclass(frozen=True, slots=True)
class _Site:
    reach: Reach
    kafka: Kafka
    quota: Connection
    upload: Connection


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is read of topics `quota` and `documents`, and where the groups are set to."""

    since: datetime
    decisions: Spans
    documents: Spans
    moves: Mapping[str, Sequence[Move]]


async def recover(info: StackInfo, wish: Wish) -> Recovered:
    """Raises StackError where it is refused, and then nothing has been changed."""
    async with (
        open_kafka(info.kafka) as kafka,
        _connected(info, "quota") as quota,
        _connected(info, "upload") as upload,
    ):
        site = _Site(info.kafka, kafka, quota, upload)
        await _refuse_company(site)
        try:
            return await _work(site, wish, await _plan(site, wish))
        except asyncpg.CheckViolationError as error:
            raise StackError(
                f"what Kafka still has of the ledger's words cannot all be true ({error}); nothing was changed: "
                "give an earlier --since"
            ) from error


async def _plan(site: _Site, wish: Wish) -> _Plan:
    since = await _begin(site, wish.since) - wish.margin
    time_ms = int(since.timestamp() * 1000)
    decisions = await spans_since(site.kafka, topics.QUOTA.name, time_ms, partial(ledger.knows, site.quota))
    requests = await spans_since(site.kafka, topics.DOCUMENTS.name, time_ms, partial(documents.knows, site.upload))
    begins = {at: begin for at, (begin, _) in {**decisions, **requests}.items()}
    moves = {}
    for name in READERS:
        group = await groups.look(site.kafka, name)
        wanted = await groups.at_time(site.kafka, group.standings, time_ms)
        moves[name] = moves_back(group.standings, {at: begins.get(at, offset) for at, offset in wanted.items()})
    return _Plan(since, decisions, requests, moves)


async def _begin(site: _Site, asked: datetime) -> datetime:
    """The moment that was named, or an earlier one where the tables show that the backup is older than that."""
    known = [await ledger.newest_decision(site.quota), await documents.newest_document(site.upload)]
    return min([asked, *(time for time in known if time is not None)])


async def _work(site: _Site, wish: Wish, plan: _Plan) -> Recovered:
    done: list[Recovered] = []
    try:
        async with site.upload.transaction():
            async with site.quota.transaction():
                done.append(await _restore(site, wish, plan))
                _take_back(wish)
            for group, moves in plan.moves.items():
                if moves:
                    await groups.move(site.reach, group, {each.at: each.after for each in moves})
    except _Undone:
        pass
    return done[0]


def _take_back(wish: Wish) -> None:
    if wish.dry_run:
        raise _Undone


async def _restore(site: _Site, wish: Wish, plan: _Plan) -> Recovered:
    history = await ledger.restore(site.quota, read_spans(site.kafka, plan.decisions))
    if history.missing and not wish.incomplete:
        raise StackError(
            f"{history.missing} decisions lack one before them; nothing was changed. Give an earlier --since, or, "
            "where Kafka keeps no more, --incomplete: the ledger decides those anew"
        )
    rows = await documents.restore(site.upload, read_spans(site.kafka, plan.documents))
    return Recovered(plan.since, history, rows, await _nameless(site, plan.since), plan.moves)


async def _nameless(site: _Site, since: datetime) -> int:
    """Documents that somebody pays for and that were never told of: the failure came before that left the outbox."""
    found = 0
    async for paid in _parts(ledger.paid_since(site.quota, since)):
        lost = [nameless(each.document_id, each.user_id, each.object_key, each.decided_at) for each in paid]
        found += await documents.bring_back(site.upload, lost)
    return found


async def _parts(items: AsyncIterator[ledger.Paid]) -> AsyncIterator[Sequence[ledger.Paid]]:
    part: list[ledger.Paid] = []
    async for item in items:
        part.append(item)
        if len(part) == PART:
            yield part
            part = []
    if part:
        yield part


async def _refuse_company(site: _Site) -> None:
    """Whoever works meanwhile decides what has been decided, and hears what is about to be heard again."""
    found = [f"group {name} has {count} members" for name in READERS if (count := await site.kafka.members(name))]
    for role, connection in {"quota": site.quota, "upload": site.upload}.items():
        if count := await connection.fetchval(SESSIONS):
            found.append(f"role {role} has {count} other sessions")
    if found:
        raise StackError(
            f"{', '.join(found)}: stop all services first (make down, then SERVICES=false make up); who was killed is "
            "gone from its group after KAFKA_SESSION_TIMEOUT_SECONDS"
        )


@asynccontextmanager
async def _connected(info: StackInfo, role: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(info.databases[role], timeout=CONNECT_SECONDS)
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_SECONDS)
