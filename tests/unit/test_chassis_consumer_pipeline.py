"""Several batches on their way at once: their order, and what one meets while another is in a step of its own."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from random import Random

from services.chassis.consumer_batch import Batch
from services.chassis.errors import Transient
from services.chassis.producer import Unpublishable
from services.chassis.watchdog import Watchdog
from tests.unit.chassis_hooks import FOUR, Hold, refusing
from tests.unit.chassis_log import Acked, Applied, Log, loop_on


async def test_the_next_batch_is_handled_while_one_is_published_and_a_third_is_read_but_no_fourth() -> None:
    log, handler, hold = Log([f"a{number}" for number in range(20)]), Applied(), Hold("a0")
    async with loop_on(log, handler, Acked(hold)) as loop:
        await loop.until(lambda: len(handler.batches) == 3 and len(log.polled) == 3)
        await asyncio.sleep(0.05)
        assert (len(handler.batches), len(log.polled), log.done) == (3, 3, False)
        hold.opened.set()
        await loop.until(lambda: log.done)
    assert loop.dropped() == {}


async def test_handlers_never_overlap_and_see_the_records_in_order() -> None:
    at_work = 0

    async def alone(_: list[str]) -> None:
        nonlocal at_work
        at_work += 1
        assert at_work == 1
        await asyncio.sleep(0.001)
        at_work -= 1

    values = [f"a{number}" for number in range(100)]
    log, handler = Log(values), Applied(alone)
    async with loop_on(log, handler, Acked()) as loop:
        await loop.until(lambda: log.done)
    assert [event for batch in handler.batches for event in batch] == values


async def test_ten_thousand_messages_stay_in_order_per_key_and_no_offset_overtakes_its_acks() -> None:
    chance, keys = Random(7), "abcdefgh"  # noqa: S311 - the same delays each time

    async def late(_: list[str]) -> None:
        for _turn in range(chance.randrange(4)):
            await asyncio.sleep(0)

    async def delayed(_: list[str]) -> None:
        await late([])
        if chance.random() < 0.1:
            raise Transient("broker away")

    values = [f"{chance.choice(keys)}{number:05}" for number in range(10_000)]
    log, producer = Log(values, partitions=3, most=40), Acked(delayed)

    async def acked(batch: Batch) -> None:
        await late([])
        said = set(producer.values[-200:])
        assert {(record.value or b"").decode() for record in batch.records} <= said

    log.before_commit = acked
    async with loop_on(log, Applied(late), producer) as loop:
        await loop.until(lambda: log.done)
    by_key: dict[str, list[str]] = defaultdict(list)
    for value in producer.values:
        by_key[value[0]].append(value)
    assert len(producer.values) == 10_000
    assert all(found == sorted(found) for found in by_key.values())


async def test_a_bug_in_the_next_batch_while_one_is_published_condemns_its_own_record_alone() -> None:
    log, handler, hold = Log(FOUR), Applied(refusing(RuntimeError("bug"), "b0")), Hold("a0")
    producer = Acked(hold)
    async with loop_on(log, handler, producer) as loop:
        await loop.until(lambda: handler.batches == [FOUR[:2], ["b1"]])
        assert producer.messages == []
        hold.opened.set()
        await loop.until(lambda: log.done)
    assert (producer.values, producer.dead) == (["a0", "a1", "b1"], ["b0"])
    assert loop.dropped() == {}


async def test_what_can_never_be_sent_is_found_although_the_next_batch_is_handled_already() -> None:
    log, handler, hold = Log(FOUR), Applied(), Hold("a0")

    async def refuse(values: list[str]) -> None:
        await hold(values)
        if "a0" in values:
            raise Unpublishable("too large")

    producer = Acked(refuse)
    async with loop_on(log, handler, producer) as loop:
        await loop.until(lambda: len(handler.batches) == 2)
        hold.opened.set()
        await loop.until(lambda: log.done)
    assert (producer.values, producer.dead) == (["a1", "b0", "b1"], ["a0"])


async def test_a_stop_finishes_all_that_is_on_its_way() -> None:
    log, handler, hold = Log(FOUR), Applied(), Hold("a0")
    producer = Acked(hold)
    async with loop_on(log, handler, producer) as loop:
        await loop.until(lambda: hold.came.is_set() and len(handler.batches) == 2)
        loop.stop.set()
        await asyncio.sleep(0.02)
        hold.opened.set()
        await asyncio.wait_for(loop.task, 5)
    assert (producer.values, log.done) == (FOUR, True)


async def test_a_stop_finishes_the_batch_ahead_and_leaves_the_one_in_a_back_off() -> None:
    log, hold = Log(FOUR), Hold("a0")
    producer = Acked(hold)
    handler = Applied(refusing(Transient("away"), "b0"))
    async with loop_on(log, handler, producer) as loop:
        await loop.until(lambda: hold.came.is_set() and len(log.polled) == 2)
        await asyncio.sleep(0.1)
        loop.stop.set()
        await asyncio.sleep(0.02)
        hold.opened.set()
        await asyncio.wait_for(loop.task, 5)
    assert (producer.values, log.committed[log.partitions[0]]) == (FOUR[:2], 2)


async def test_a_stop_in_the_back_off_of_a_publish_leaves_the_handled_batch_behind_unsaid() -> None:
    log, handler, producer = Log(FOUR), Applied(), Acked(refusing(Transient("away"), "a0"))
    async with loop_on(log, handler, producer) as loop:
        await loop.until(lambda: len(handler.batches) == 2)
        loop.stop.set()
        await asyncio.wait_for(loop.task, 5)
    assert (producer.messages, log.committed[log.partitions[0]]) == ([], 0)


async def test_dead_letters_of_a_batch_are_acked_before_its_offsets_are_committed() -> None:
    log, producer = Log(["garbage", "a0", "b0", "b1"]), Acked()

    async def buried(batch: Batch) -> None:
        if batch.firsts[log.partitions[0]] == 0:
            assert producer.dead == ["garbage"]

    log.before_commit = buried
    async with loop_on(log, Applied(), producer) as loop:
        await loop.until(lambda: log.done)
    assert producer.values == ["a0", "b0", "b1"]


async def test_records_on_their_way_are_waiting_records_to_the_watchdog() -> None:
    log, hold, watchdog = Log(FOUR), Hold("a0"), Watchdog(0.5)
    async with loop_on(log, Applied(), Acked(hold), watchdog) as loop:
        await loop.until(lambda: watchdog.lag == 4)
        assert await log.behind() == {log.partitions[0]: 0}
        hold.opened.set()
        await loop.until(lambda: watchdog.lag == 0)
