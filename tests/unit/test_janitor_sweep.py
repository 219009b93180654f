"""The sweep says what the store holds, then records that it has: in slices, under a lease, the same after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from docuvault_contracts.cloudevents import Envelope, Message, decode
from docuvault_contracts.events import ObjectMissing, ObjectObserved, UploadAbandoned

from services.chassis.errors import Transient
from services.chassis.lease import Lease, LeaseLost
from services.chassis.storage import ObjectStat
from services.janitor.decide import Due
from services.janitor.events import ns_of
from services.janitor.looks import Looked
from services.janitor.sweep import SLICE, Sweep, rest_seconds
from tests.unit.janitor_facts import DUE, MINUTE, NOW, PATIENCE, USER

BYTES = ObjectStat(5, "e", ns_of(NOW) + 999_999)


def upload(number: int, version: int = 0) -> Due:
    document = UUID(int=number)
    key = f"{USER}/{document}/{UUID(int=9)}.pdf"
    return Due(key, document, USER, version, NOW, NOW + 15 * MINUTE, DUE, DUE)


@dataclass
class MemoryLooks:
    """Rows without a database; which may be away when it is told what was found."""

    rows: dict[str, Due] = field(default_factory=dict)
    marked: list[Looked] = field(default_factory=list)
    away: bool = False
    clock: datetime = DUE + MINUTE
    slices: list[int] = field(default_factory=list)

    def add(self, *dues: Due) -> None:
        self.rows |= {due.object_key: due for due in dues}

    async def now(self) -> datetime:
        return self.clock

    async def due(self, until: datetime, most: int) -> list[Due]:
        found = [due for due in self.rows.values() if due.look_at <= until][:most]
        self.slices.append(len(found))
        return found

    async def mark(self, looked: Sequence[Looked]) -> None:
        if self.away:
            raise Transient("the database is away")
        self.marked += looked
        for each in looked:
            if each.again_at is None:
                del self.rows[each.due.object_key]
            else:
                self.rows[each.due.object_key] = replace(each.due, look_at=each.again_at)


@dataclass
class MemoryStore:
    """A store that holds some keys."""

    holds: set[str] = field(default_factory=set)
    away: bool = False
    under_way: int = 0
    most: int = 0

    async def stat_object(self, object_key: str) -> ObjectStat | None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        if self.away:
            raise Transient("the store is away")
        return BYTES if object_key in self.holds else None


@dataclass
class Said:
    """A producer that remembers."""

    messages: list[Message] = field(default_factory=list)
    away: bool = False

    async def publish(self, messages: Sequence[Message], /) -> None:
        if self.away:
            raise Transient("the brokers are away")
        self.messages += messages

    @property
    def envelopes(self) -> list[Envelope]:
        return [decode(message.headers, message.value) for message in self.messages]


class Held(Lease):
    """A lease that is held until it is lost."""

    def __init__(self, cursor: Mapping[str, object] | None = None) -> None:
        self.saved = cursor
        self.lost = False

    async def check(self) -> None:
        if self.lost:
            raise LeaseLost("another has it")

    async def save(self, cursor: Mapping[str, object] | None) -> None:
        self.saved = dict(cursor or {})

    @property
    def cursor(self) -> Mapping[str, object] | None:
        return self.saved


class HeldFor(Held):
    """A lease that is lost after some checks."""

    def __init__(self, checks: int) -> None:
        super().__init__()
        self.left = checks

    async def check(self) -> None:
        self.lost = self.left == 0
        self.left -= 1
        await super().check()


@dataclass
class World:
    looks: MemoryLooks = field(default_factory=MemoryLooks)
    store: MemoryStore = field(default_factory=MemoryStore)
    said: Said = field(default_factory=Said)
    lease: Held = field(default_factory=Held)
    rests: float = 0

    async def sweep(self) -> Mapping[str, object]:
        return await Sweep(self.looks, self.store, self.said, PATIENCE, 4, rests=self.rests)(self.lease)


@pytest.fixture
def world() -> World:
    return World()


async def test_bytes_that_nobody_decided_are_said_to_be_there_and_what_has_none_to_be_abandoned(world: World) -> None:
    there, not_there = upload(1), upload(2)
    world.looks.add(there, not_there)
    world.store.holds = {there.object_key}
    assert await world.sweep() == {"cleaned": 1, "healed": 1, "asked": 0}
    observed, abandoned = (envelope.event for envelope in world.said.envelopes)
    assert isinstance(observed, ObjectObserved)
    assert (observed.document_id, observed.etag, observed.size_bytes) == (there.document_id, "e", 5)
    assert observed.observed_ns == BYTES.observed_ns
    assert isinstance(abandoned, UploadAbandoned)
    assert (abandoned.document_id, abandoned.abandoned_at) == (not_there.document_id, DUE)


async def test_what_was_decided_is_asked_about_and_an_absence_outdates_no_bytes_that_came_since(world: World) -> None:
    world.looks.add(upload(1, version=2), upload(2, version=1))
    world.store.holds = {upload(1).object_key}
    assert await world.sweep() == {"cleaned": 0, "healed": 0, "asked": 2}
    observed, missing = (envelope.event for envelope in world.said.envelopes)
    assert isinstance(observed, ObjectObserved)
    assert isinstance(missing, ObjectMissing)
    assert missing.observed_ns == ns_of(DUE - PATIENCE.grace)


async def test_what_is_too_early_to_tell_is_neither_said_nor_counted(world: World) -> None:
    world.looks.clock = DUE - MINUTE
    world.looks.add(replace(upload(1), now=DUE - MINUTE, look_at=DUE - MINUTE))
    assert await world.sweep() == {"cleaned": 0, "healed": 0, "asked": 0}
    assert world.said.messages == []
    assert world.looks.rows[upload(1).object_key].look_at == DUE


async def test_what_was_healed_is_not_looked_up_twice_in_one_sweep_but_in_the_next(world: World) -> None:
    world.looks.add(upload(1))
    world.store.holds = {upload(1).object_key}
    assert (await world.sweep())["healed"] == 1
    assert world.looks.rows[upload(1).object_key].look_at < DUE + PATIENCE.every


async def test_a_crash_between_saying_and_recording_says_the_same_again(world: World) -> None:
    world.looks.add(upload(1), upload(2), upload(3, version=1))
    world.store.holds = {upload(1).object_key}
    world.looks.away = True
    with pytest.raises(Transient):
        await world.sweep()
    first = [*world.said.messages]
    world.said.messages.clear()
    world.looks.away = False
    assert await world.sweep() == {"cleaned": 1, "healed": 1, "asked": 1}
    assert world.said.messages == first
    assert len({envelope.id for envelope in world.said.envelopes}) == 3


@pytest.mark.parametrize("away", ["store", "said"])
async def test_a_store_or_broker_that_is_away_delays_and_drops_nothing(world: World, away: str) -> None:
    world.looks.add(upload(1), upload(2))
    getattr(world, away).away = True
    with pytest.raises(Transient):
        await world.sweep()
    assert world.looks.marked == []
    getattr(world, away).away = False
    assert (await world.sweep())["cleaned"] == 2


async def test_who_has_lost_the_lease_says_nothing(world: World) -> None:
    world.looks.add(upload(1))
    world.lease.lost = True
    with pytest.raises(LeaseLost):
        await world.sweep()
    assert (world.said.messages, world.looks.marked) == ([], [])


async def test_many_are_swept_in_slices_with_few_looks_under_way(world: World) -> None:
    world.looks.add(*(upload(number) for number in range(1, 2 * SLICE + 2)))
    assert (await world.sweep())["cleaned"] == 2 * SLICE + 1
    assert world.looks.slices == [SLICE, SLICE, 1, 0]
    assert world.store.most == 4


async def test_after_a_full_slice_it_rests_and_learns_meanwhile_that_it_has_to_end(world: World) -> None:
    world.looks.add(*(upload(number) for number in range(1, SLICE + 1)))
    world.lease, world.rests = HeldFor(checks=1), 0.001
    with pytest.raises(LeaseLost):
        await world.sweep()
    assert len(world.looks.marked) == SLICE
    assert world.lease.saved == {"cleaned": SLICE, "healed": 0, "asked": 0}


async def test_the_end_of_a_sweep_is_not_waited_for(world: World) -> None:
    world.looks.add(*(upload(number) for number in range(1, SLICE)))
    world.lease, world.rests = HeldFor(checks=1), 0.001
    assert (await world.sweep())["cleaned"] == SLICE - 1


def test_it_rests_nine_tenths_of_its_time_but_not_for_ever_where_the_store_is_slow() -> None:
    assert rest_seconds(0.25) == pytest.approx(9 * 0.25)
    assert rest_seconds(60) == 10


async def test_the_counts_of_a_run_that_was_cut_off_are_not_lost(world: World) -> None:
    world.lease = Held({"cleaned": 7, "healed": 1, "asked": 0, "of another release": 3})
    world.looks.add(upload(1))
    assert await world.sweep() == {"cleaned": 8, "healed": 1, "asked": 0}
    assert world.lease.saved == {"cleaned": 8, "healed": 1, "asked": 0}


async def test_each_look_that_a_reminder_asks_for_is_a_fact_of_its_own(world: World) -> None:
    for minutes in (0, 30):
        world.looks.add(replace(upload(1), look_at=DUE - timedelta(minutes=minutes)))
        await world.sweep()
    assert len({envelope.id for envelope in world.said.envelopes}) == 2
