"""A batch is learnt first, then acted on; what was carried out is said, and the rest comes again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from docuvault_contracts.cloudevents import decode
from docuvault_contracts.events import DocumentDeleted, ObjectRemoved, QuotaRejected, QuotaReserved

from services.chassis.delivery import Delivery, Origin
from services.chassis.errors import Transient
from services.janitor.decide import Fact, Known, State, learn_all
from services.janitor.handler import JanitorHandler
from services.janitor.removal import SIDE_BY_SIDE, Remover
from services.janitor.store import Removal
from tests.unit.janitor_facts import PATIENCE

USER = UUID(int=1)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def names(number: int) -> dict[str, object]:
    document = UUID(int=number)
    return {"document_id": document, "user_id": USER, "object_key": key(number)}


def key(number: int) -> str:
    return f"{USER}/{UUID(int=number)}/{UUID(int=9)}.pdf"


def reserved(number: int, version: int = 1) -> QuotaReserved:
    decision = {"version": version, "size_bytes": 5, "etag": "e", "used_bytes": 5, "limit_bytes": 9, "decided_at": NOW}
    return QuotaReserved.model_validate(names(number) | decision)


def rejected(number: int, version: int = 1) -> QuotaRejected:
    decision = {"version": version, "rejected_bytes": 5, "etag": "e", "reason": "over_quota"}
    account = {"used_bytes": 5, "limit_bytes": 9, "decided_at": NOW}
    return QuotaRejected.model_validate(names(number) | decision | account)


def deleted(number: int) -> DocumentDeleted:
    return DocumentDeleted.model_validate(names(number) | {"deleted_at": NOW})


def trace(number: int) -> str:
    return f"00-{number + 1:032x}-{1:016x}-01"


def batch(*facts: Fact) -> list[Delivery[Fact]]:
    return [Delivery(fact, Origin("quota", 0, offset), trace(offset)) for offset, fact in enumerate(facts)]


class MemoryObjects:
    """Objects by the same rules, without a database, which may be away all the same."""

    def __init__(self) -> None:
        self.away = False
        self.rows: dict[str, Known] = {}
        self.removed_at: dict[str, datetime] = {}

    async def learn(self, facts: Sequence[Fact], now: datetime) -> list[Known]:  # noqa: ARG002 - as the protocol has it
        if self.away:
            raise Transient("the database is away")
        heard = sorted({fact.object_key for fact in facts})
        for name in heard:
            mine = [fact for fact in facts if fact.object_key == name]
            before = self.rows.get(name, Known(name, mine[0].document_id, mine[0].user_id))
            self.rows[name] = learn_all(before, mine, PATIENCE)
            if self.rows[name] is not before:
                self.removed_at.pop(name, None)
        return [self.rows[name] for name in heard]

    async def still_to_go(self, keys: Sequence[str]) -> set[str]:
        return {name for name in keys if self.rows[name].state is not State.KEEP}

    async def mark_removed(self, orders: Sequence[Known], now: datetime) -> list[Removal]:
        done = [order for order in orders if self.rows[order.object_key].version == order.version]
        for order in done:
            self.rows[order.object_key] = replace(self.rows[order.object_key], state=State.REMOVED)
            self.removed_at.setdefault(order.object_key, now)
        return [self._removal(order) for order in done]

    def _removal(self, order: Known) -> Removal:
        assert order.cause
        when = self.removed_at[order.object_key]
        return Removal(order.object_key, order.document_id, order.user_id, order.version, order.cause, when)


class MemoryStore:
    """A store that remembers what was deleted, in requests of how many, and that may be away."""

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.ended: list[str] = []
        self.requests: list[int] = []
        self.away = False

    async def delete_objects(self, object_keys: Sequence[str]) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise Transient("the store is away")
        self.requests.append(len(object_keys))
        self.deleted += object_keys

    async def end_uploads(self, object_key: str) -> int:
        if self.away:
            raise Transient("the store is away")
        assert object_key not in self.deleted
        self.ended.append(object_key)
        return 1


class Clock:
    """A clock that is a second later each time it is read."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def handler(objects: MemoryObjects, store: MemoryStore) -> JanitorHandler:
    return JanitorHandler(objects, Remover(objects, store, at_once=4), Clock())


async def test_what_was_refused_or_deleted_goes_and_what_is_paid_for_stays(
    handler: JanitorHandler, store: MemoryStore
) -> None:
    messages = await handler.handle(batch(rejected(1), reserved(2), deleted(3)))
    assert store.deleted == [key(1), key(3)]
    events = [decode(message.headers, message.value).event for message in messages]
    assert [(event.cause, event.object_key) for event in events if isinstance(event, ObjectRemoved)] == [
        ("quota.rejected", key(1)),
        ("document.deleted", key(3)),
    ]


async def test_a_removal_carries_the_trace_of_what_ordered_it(handler: JanitorHandler) -> None:
    messages = await handler.handle(batch(reserved(1), rejected(2)))
    assert [decode(message.headers, message.value).traceparent for message in messages] == [trace(1)]


async def test_a_batch_that_comes_again_says_the_same_under_the_same_id(handler: JanitorHandler) -> None:
    once = await handler.handle(batch(rejected(1), deleted(2)))
    assert await handler.handle(batch(rejected(1), deleted(2))) == once


async def test_another_order_for_the_key_is_another_event(handler: JanitorHandler, store: MemoryStore) -> None:
    first = await handler.handle(batch(rejected(1)))
    second = await handler.handle(batch(rejected(1, version=2)))
    ids = {decode(message.headers, message.value).id for message in (*first, *second)}
    assert len(ids) == 2
    assert store.deleted == [key(1), key(1)]


async def test_several_orders_for_one_key_are_one_removal(handler: JanitorHandler, store: MemoryStore) -> None:
    messages = await handler.handle(batch(rejected(1), deleted(1), rejected(1, version=2)))
    assert (len(messages), store.deleted) == (1, [key(1)])


async def test_an_order_that_a_newer_reservation_has_overtaken_touches_nothing(
    handler: JanitorHandler, store: MemoryStore
) -> None:
    await handler.handle(batch(reserved(1, version=2)))
    assert await handler.handle(batch(rejected(1))) == []
    assert store.deleted == []


async def test_what_is_decided_anew_between_two_slices_is_not_touched(
    objects: MemoryObjects, store: MemoryStore
) -> None:
    class Deciding(MemoryStore):
        async def delete_objects(self, object_keys: Sequence[str]) -> None:
            await store.delete_objects(object_keys)
            await objects.learn([reserved(last, version=2)], NOW)

    last = SIDE_BY_SIDE + 1
    handler = JanitorHandler(objects, Remover(objects, Deciding(), at_once=1), Clock())
    messages = await handler.handle(batch(*(rejected(number) for number in range(1, last + 1))))
    assert store.deleted == [key(number) for number in range(1, last)]
    assert len(messages) == SIDE_BY_SIDE


async def test_a_store_that_is_away_delays_and_drops_nothing(handler: JanitorHandler, store: MemoryStore) -> None:
    store.away = True
    with pytest.raises(Transient):
        await handler.handle(batch(rejected(1), deleted(2)))
    store.away = False
    assert len(await handler.handle(batch(rejected(1), deleted(2)))) == 2
    assert store.deleted == [key(1), key(2)]


async def test_a_deletion_that_the_driver_cuts_off_from_inside_is_not_taken_for_one_that_was_done(
    objects: MemoryObjects, store: MemoryStore
) -> None:
    class Cut(MemoryStore):
        async def delete_objects(self, object_keys: Sequence[str]) -> None:
            await store.delete_objects(object_keys)
            if len(store.requests) == 1:
                raise asyncio.CancelledError

    handler = JanitorHandler(objects, Remover(objects, Cut(), at_once=2), Clock())
    with pytest.raises(TimeoutError):
        await handler.handle(batch(rejected(1), rejected(2)))
    assert len(await handler.handle(batch(rejected(1), rejected(2)))) == 2


async def test_a_slice_that_fails_while_another_is_under_way_says_nothing_and_both_come_again(
    objects: MemoryObjects, store: MemoryStore
) -> None:
    class HalfAway(MemoryStore):
        """Deletes the first slice and does not answer until it is broken off; the second is refused meanwhile."""

        done = asyncio.Event()
        cut = False

        async def delete_objects(self, object_keys: Sequence[str]) -> None:
            if list(object_keys) != [key(1)]:
                await self.done.wait()
                raise Transient("the store is busy")
            await store.delete_objects(object_keys)
            self.done.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.cut = True

    half, facts = HalfAway(), (rejected(1), rejected(2))
    with pytest.raises(Transient):
        await JanitorHandler(objects, Remover(objects, half, at_once=1), Clock()).handle(batch(*facts))
    assert half.cut, "no request outlives the batch it is of"
    assert {known.state for known in objects.rows.values()} == {State.REMOVE}
    healthy = JanitorHandler(objects, Remover(objects, store, at_once=1), Clock())
    messages = await healthy.handle(batch(*facts))
    assert [message.key for message in messages] == [message.key for message in await healthy.handle(batch(*facts))]
    assert len(messages) == 2
    assert store.deleted[:3] == [key(1), key(1), key(2)]


async def test_what_could_not_be_remembered_is_not_acted_upon(
    handler: JanitorHandler, objects: MemoryObjects, store: MemoryStore
) -> None:
    objects.away = True
    with pytest.raises(Transient):
        await handler.handle(batch(rejected(1), deleted(2)))
    assert store.deleted == []


async def test_a_slice_is_one_request_and_never_larger_than_allowed(
    handler: JanitorHandler, store: MemoryStore
) -> None:
    await handler.handle(batch(*(rejected(number) for number in range(1, 11))))
    assert (len(store.deleted), store.requests) == (10, [4, 4, 2])


async def test_a_slice_of_which_some_is_left_is_not_said_to_be_gone_and_comes_again(
    objects: MemoryObjects, store: MemoryStore
) -> None:
    class Partial(MemoryStore):
        async def delete_objects(self, object_keys: Sequence[str]) -> None:
            await store.delete_objects(object_keys[:1])
            raise Transient("the others are still there")

    with pytest.raises(Transient):
        await JanitorHandler(objects, Remover(objects, Partial(), at_once=4), Clock()).handle(
            batch(rejected(1), rejected(2))
        )
    assert {known.state for known in objects.rows.values()} == {State.REMOVE}
    healthy = JanitorHandler(objects, Remover(objects, store, at_once=4), Clock())
    assert len(await healthy.handle(batch(rejected(1), rejected(2)))) == 2


async def test_uploads_in_parts_of_what_has_to_go_are_ended_before_its_object_and_of_nothing_else(
    handler: JanitorHandler, store: MemoryStore
) -> None:
    in_parts = deleted(1).model_copy(update={"multipart": True})
    await handler.handle(batch(in_parts, deleted(2), reserved(3)))
    assert (store.ended, store.deleted) == ([key(1)], [key(1), key(2)])
