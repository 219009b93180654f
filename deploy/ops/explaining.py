"""Gathers all that is known of a few keys, in an order that lets nothing seem lost that is only under way.

First where the consumer groups stand, then what Kafka holds, then the store, the tables, and the store again: what is
decided while this reads shows as decided, and never as forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from docuvault_contracts.keys import owner_of

from deploy.local.errors import StackError, one_line
from deploy.local.info import StackInfo
from deploy.ops.explain_kafka import Reading, halted, look
from deploy.ops.explain_model import Explained, Facts, Group, Kafka, Stored, User
from deploy.ops.explain_records import Sieve
from deploy.ops.explain_rules import AT_REST, judge
from deploy.ops.explain_servers import Rows, Tables, halted_groups, open_store, open_tables, stats
from deploy.ops.explain_states import Timing
from services.chassis.errors import Transient
from services.chassis.storage import ObjectStorage

LOOKS = 3
"""Most looks at store and tables until the store holds the same before and after."""
MOST_WAITING = 20
"""Documents of a user that are explained one by one."""
UNDATED = timedelta(hours=1)
"""How far back Kafka is read where nothing tells when it began."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains keys of one stack. `seconds` bounds the reading of Kafka."""

    info: StackInfo
    timing: Timing
    seconds: float

    async def keys_of(self, document: UUID) -> Sequence[str]:
        """The object keys under a document's id, its own first; none where nobody knows it."""
        async with open_tables(self.info) as tables:
            return await tables.keys_of(document)

    async def explain(self, keys: Sequence[str]) -> list[Explained]:
        """How each key stands. Raises what PostgreSQL's driver raises; Kafka and the store may be away."""
        async with open_tables(self.info) as tables, open_store(self.info) as store:
            first = await self._gather(tables, store, keys)
            since = min((_began(facts) for facts in first), default=datetime.now(UTC))
            kafka, away = await self._kafka(keys, since, first[0].now if first else since)
            facts = await self._gather(tables, store, keys)
        return [self._explained(each, kafka.get(each.key), away) for each in facts]

    async def look(self, key: str) -> Facts:
        """What tables and store say of a key now, Kafka aside."""
        async with open_tables(self.info) as tables, open_store(self.info) as store:
            return (await self._gather(tables, store, [key]))[0]

    async def user(self, user: UUID) -> User:
        """A user's account and documents. Raises StackError for one of whom nobody has heard."""
        async with open_tables(self.info) as tables:
            account, (counts, documented) = await tables.account(user), await tables.counts(user)
            keys, total = await tables.waiting(user, MOST_WAITING)
        if account is None and not counts:
            raise StackError(f"nobody knows a user {user}; `make -s token USER={user}` makes it known")
        explained = await self.explain(keys) if keys else []
        waiting = [each for each in explained if each.verdict.state not in AT_REST]
        return User(str(user), account, documented, counts, waiting, total - len(keys))

    def _explained(self, facts: Facts, kafka: Kafka | None, away: Mapping[str, str]) -> Explained:
        whole = replace(facts, kafka=kafka, away={**facts.away, **away})
        return Explained(whole, judge(whole, self.timing))

    async def _gather(self, tables: Tables, store: ObjectStorage, keys: Sequence[str]) -> list[Facts]:
        for _ in range(LOOKS):
            before, away = await _stats(store, keys)
            now, sweep, rows = await tables.snapshot(keys)
            after, _ = (before, away) if away else await _stats(store, keys)
            if before == after:
                break
        shared = Facts("", now, sweep=sweep, away={"store": away} if away else {})
        found = zip(keys, rows, after, strict=True)
        return [_facts(shared, key, row, stored) for key, row, stored in found]

    async def _kafka(
        self, keys: Sequence[str], since: datetime, looked_at: datetime
    ) -> tuple[Mapping[str, Kafka], Mapping[str, str]]:
        sieve, reading = Sieve(keys, self.info.bucket), Reading(since, looked_at, self.seconds)
        try:
            found = await look(self.info.kafka, sieve, reading)
        except StackError as error:
            return {}, {"kafka": one_line(error)}
        groups = await self._with_halts(next(iter(found.values())).groups) if found else {}
        return {key: replace(kafka, groups=groups) for key, kafka in found.items()}, {}

    async def _with_halts(self, groups: Mapping[str, Group]) -> Mapping[str, Group]:
        """A group that has read all there is waits for nothing, and none of its processes has to be asked."""
        behind = [name for name, group in groups.items() if group.lag]
        return halted(groups, await halted_groups(self.info, behind) if behind else ())


async def _stats(store: ObjectStorage, keys: Sequence[str]) -> tuple[list[Stored | None], str]:
    try:
        return await stats(store, keys), ""
    except Transient as error:
        return [None] * len(keys), str(error)


def _facts(shared: Facts, key: str, rows: Rows, stored: Stored | None) -> Facts:
    return replace(
        shared,
        key=key,
        document=rows.document,
        decisions=rows.decisions,
        known=rows.known,
        filing=rows.filing,
        account=rows.account,
        stored=stored,
        unsent=rows.unsent,
    )


def _began(facts: Facts) -> datetime:
    """When its story begins, by whoever tells it earliest; clocks may differ."""
    told = [facts.document.created_at] if facts.document else []
    told += [decision.decided_at for decision in facts.decisions[:1]]
    told += [facts.stored.at] if facts.stored else []
    made = _made(facts.key)
    if made is not None and made <= facts.now:
        told.append(made)
    return min(told, default=facts.now - UNDATED)


def _made(key: str) -> datetime | None:
    """When a document's id was made, where it tells that (UUID version 7)."""
    owner = owner_of(key)
    document = UUID(owner[1]) if owner else None
    if document is None or document.version != 7:  # noqa: PLR2004 - of RFC 9562
        return None
    return datetime.fromtimestamp((document.int >> 80) / 1000, UTC)
