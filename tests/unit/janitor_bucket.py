"""A bucket and a table of a test's own, without servers, and what a walk of them says and removes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from docuvault_contracts.cloudevents import Message, decode

from services.chassis.errors import Transient
from services.chassis.storage import Listed, ObjectStat, Page
from services.janitor.decide import Ledger, State
from services.janitor.reconcile_progress import Manner, Progress
from services.janitor.reconcile_rules import Difference, Range, Row

USER = UUID(int=1)
SECOND = 1_000_000_000
NOW = 1_000 * SECOND
"""The store's time."""
OLD = NOW - 100 * SECOND
MANNER = Manner(grace_seconds=60, pages_per_second=1e6, looks_at_once=4)


def key(number: int) -> str:
    return f"{USER}/{UUID(int=number)}/{UUID(int=9)}.pdf"


def heard(
    name: str, ledger: Ledger | None = Ledger.RESERVED, state: State = State.KEEP, *, long_ago: bool = True
) -> Row:
    etag, size = ("e", 5) if ledger is Ledger.RESERVED else (None, None)
    return Row(name, UUID(name[37:73]), USER, state, ledger, etag, size, long_ago)


class MemoryBucket:
    """Pages of `page` objects; `before_stat` and `before_page` are called with the key that is asked for."""

    def __init__(self, page: int = 3) -> None:
        self.objects: dict[str, Listed] = {}
        self.page = page
        self.now = NOW
        self.away_after: str | None = None
        self.asked: list[str] = []
        self.deleted: list[str] = []
        self.before_stat: Callable[[str], None] = lambda _: None
        self.before_page: Callable[[str], None] = lambda _: None

    def remove(self, name: str) -> None:
        del self.objects[name]

    def put(self, name: str, etag: str = "e", size: int = 5, at: int = OLD) -> None:
        self.objects[name] = Listed(name, size, etag, at)

    async def list_page(self, after: str) -> Page:
        self.before_page(after)
        if self.away_after is not None and after >= self.away_after:
            raise Transient("the store is away")
        self.asked.append(after)
        left = [self.objects[name] for name in sorted(self.objects) if name > after]
        return Page(left[: self.page], self.now, len(left) > self.page)

    async def stat_object(self, object_key: str) -> ObjectStat | None:
        self.before_stat(object_key)
        found = self.objects.get(object_key)
        return ObjectStat(found.size, found.etag, found.observed_ns) if found else None

    async def delete_objects(self, object_keys: Sequence[str]) -> None:
        self.deleted += object_keys
        for name in object_keys:
            self.objects.pop(name, None)


class MemoryRows:
    """The rows of a range; may be away."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.away = False

    def add(self, *rows: Row) -> None:
        self.rows |= {row.object_key: row for row in rows}

    async def between(self, wanted: Range, most: int) -> Sequence[Row]:
        if self.away:
            raise Transient("the database is away")
        return [
            self.rows[name]
            for name in sorted(self.rows)
            if name > wanted.after and (wanted.until is None or name <= wanted.until)
        ][:most]


class Said:
    """What was published, as events; may be away."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.away = False

    async def publish(self, messages: Sequence[Message], /) -> None:
        if self.away:
            raise Transient("Kafka is away")
        self.messages += messages

    def told(self) -> list[tuple[str, str]]:
        """Type and key of each."""
        events = [decode(each.headers, each.value).event for each in self.messages]
        return [(event.type, event.object_key) for event in events]  # type: ignore[attr-defined]

    def ids(self) -> list[str]:
        return [decode(each.headers, each.value).id for each in self.messages]


class Place:
    """A lease that keeps its cursor, and may be lost after so many checks."""

    def __init__(self, cursor: Mapping[str, object] | None = None) -> None:
        self.cursor = cursor
        self.checks_left = 10**9
        self.saved: list[Mapping[str, object] | None] = []

    async def check(self) -> None:
        self.checks_left -= 1
        if self.checks_left < 0:
            raise LostError

    async def save(self, cursor: Mapping[str, object] | None) -> None:
        self.cursor = cursor
        self.saved.append(cursor)


class LostError(Exception):
    """What a lease raises that is gone."""


class Heard:
    """Listens to a walk."""

    def __init__(self) -> None:
        self.differences: list[Difference] = []
        self.objects = 0

    def found(self, difference: Difference) -> None:
        self.differences.append(difference)

    def passed(self, objects: int, progress: Progress) -> None:  # noqa: ARG002 - as the protocol has it
        self.objects += objects

    def kinds(self) -> list[tuple[str, str]]:
        return [(each.kind, each.object_key) for each in self.differences]
