"""Several batches on their way at once: each fault of one while another is in a step of its own."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from random import Random

import pytest

from services.chassis import consumer_client
from services.chassis.consumer_batch import Batch
from services.chassis.consumer_group import BatchLost
from services.chassis.errors import Transient
from services.chassis.producer import Unpublishable
from services.chassis.watchdog import Watchdog
from tests.unit.chassis_log import Acked, Applied, Log, loop_on

FOUR = ["a0", "a1", "b0", "b1"]
"""Two batches of two."""


class Killed(BaseException):
    """The process is gone."""


class Hold:
    """Holds the first one that is about one of some values until it is opened, and says that it came."""

    def __init__(self, *values: str) -> None:
        self.values = set(values)
        self.came, self.opened = asyncio.Event(), asyncio.Event()

    async def __call__(self, values: list[str]) -> None:
        if self.values & set(values) and not self.came.is_set():
            self.came.set()
            await self.opened.wait()


def refusing(error: Exception, *values: str, times: int = 10**6) -> Callable[[list[str]], Awaitable[None]]:
    left = [error] * times

    async def refuse(found: list[str]) -> None:
        if set(values) & set(found) and left:
            raise left.pop()

    return refuse


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


async def test_a_publish_that_is_given_up_takes_the_batch_behind_with_it_and_both_are_replayed_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer_client, "MAX_POLL_INTERVAL_SECONDS", 0.1)
    log, handler, producer = Log(FOUR), Applied(), Acked(Hold("a0"))
    async with loop_on(log, handler, producer) as loop:
        await loop.until(lambda: log.closed > 0)
        assert loop.dropped() == {"late": 1, "ahead": 1}
        await loop.until(lambda: log.done)
    assert handler.batches == [FOUR[:2], FOUR[2:]] * 2
    assert producer.values == FOUR


async def test_a_commit_that_is_refused_takes_the_handled_batch_behind_with_it_and_both_are_replayed() -> None:
    log, handler, producer, refusals = Log(FOUR), Applied(), Acked(), [BatchLost("CommitFailedError")]

    async def refuse(_: Batch) -> None:
        if refusals and len(handler.batches) == 2:
            raise refusals.pop()
        await loop.until(lambda: len(handler.batches) >= 2)

    log.before_commit = refuse
    async with loop_on(log, handler, producer) as loop:
        await loop.until(lambda: log.done)
    assert handler.batches in ([FOUR[:2], FOUR[2:]] * 2, [FOUR[:2], FOUR[2:], FOUR[2:]])


async def test_the_position_goes_back_to_the_first_of_the_batches_that_fell() -> None:
    log, handler, producer = Log([*FOUR, "c0", "c1"]), Applied(), Acked()
    three = asyncio.Event()

    async def refuse(_: Batch) -> None:
        await loop.until(lambda: len(log.polled) >= 3)
        if not three.is_set():
            three.set()
            raise BatchLost("CommitFailedError")

    log.before_commit = refuse
    async with loop_on(log, handler, producer) as loop:
        await loop.until(lambda: log.done)
    assert loop.dropped() == {"commit": 1, "ahead": 2}
    assert [batch.firsts[log.partitions[0]] for batch in log.polled] == [0, 2, 4, 0, 2, 4]
    assert producer.values == [*FOUR[:2], *FOUR, "c0", "c1"]


async def test_a_commit_that_fails_for_long_makes_the_group_joined_anew_with_nobody_polling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.chassis.consumer_pipeline.COMMIT_ATTEMPTS", 1)
    log, producer = Log(FOUR), Acked()

    async def away(_: Batch) -> None:
        if not log.closed:
            raise Transient("coordinator away")

    log.before_commit = away
    async with loop_on(log, Applied(), producer) as loop:
        await loop.until(lambda: log.done)
    assert log.closed == 1
    assert producer.values == [*FOUR[:2], *FOUR]


async def test_a_crash_between_two_batches_leaves_both_to_the_next_start() -> None:
    log, handler, hold = Log(FOUR), Applied(), Hold("a0")

    async def die(values: list[str]) -> None:
        await hold(values)
        raise Killed

    producer = Acked(die)
    async with loop_on(log, handler, producer) as loop:
        await loop.until(lambda: len(handler.batches) == 2)
        hold.opened.set()
        with pytest.raises(Killed):
            await loop.until(lambda: False)
    assert (producer.values, log.committed[log.partitions[0]]) == ([], 0)
    log.rebalance()
    async with loop_on(log, handler, Acked()) as loop:
        await loop.until(lambda: log.done)
    assert handler.batches == [FOUR[:2], FOUR[2:]] * 2


async def test_a_rebalance_while_two_are_on_their_way_commits_neither_and_replays_both() -> None:
    log, handler, hold = Log(FOUR), Applied(), Hold("a0")
    producer = Acked(hold)
    async with loop_on(log, handler, producer) as loop:
        await loop.until(lambda: hold.came.is_set() and len(handler.batches) == 2)
        log.rebalance()
        hold.opened.set()
        await loop.until(lambda: log.done)
    assert loop.dropped()["rebalance"] == 2
    assert producer.values == [*FOUR[:2], *FOUR]
    assert handler.batches == [FOUR[:2], FOUR[2:]] * 2


async def test_a_rebalance_between_two_polls_replays_what_was_on_its_way_before() -> None:
    log, handler, hold = Log(FOUR[:2]), Applied(), Hold("a0")
    producer = Acked(hold)
    async with loop_on(log, handler, producer) as loop:
        await hold.came.wait()
        log.rebalance()
        log.write(FOUR[2:])
        await loop.until(lambda: len(log.polled) >= 2)
        hold.opened.set()
        await loop.until(lambda: log.done)
    assert [value for value in producer.values if value in FOUR[2:]] == FOUR[2:]
    assert producer.values[-4:] == FOUR


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


async def test_a_batch_in_a_back_off_is_left_at_once_when_the_one_ahead_falls() -> None:
    log = Log(FOUR)
    trouble = [Transient("away")] * 1000

    async def away(values: list[str]) -> None:
        if "b0" in values and trouble:
            raise trouble.pop()

    refusals = [BatchLost("CommitFailedError")]

    async def refuse(_: Batch) -> None:
        await loop.until(lambda: len(trouble) < 998)
        if refusals:
            trouble.clear()
            raise refusals.pop()

    log.before_commit, producer = refuse, Acked()
    async with loop_on(log, Applied(away), producer) as loop:
        await loop.until(lambda: bool(loop.dropped()))
        assert loop.dropped() == {"commit": 1, "ahead": 1}
        await loop.until(lambda: log.done)
    assert producer.values == [*FOUR[:2], *FOUR]


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
