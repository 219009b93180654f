"""Several batches on their way at once and one that falls: those behind go with it, and all are replayed in order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import pytest
from aiokafka.structs import TopicPartition

from services.chassis import consumer_client
from services.chassis.consumer_batch import Batch
from services.chassis.consumer_group import BatchLost
from services.chassis.errors import Transient
from services.chassis.watchdog import Watchdog
from tests.unit.chassis_hooks import FOUR, Hold, Killed
from tests.unit.chassis_log import Acked, Applied, Log, loop_on


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
    assert handler.batches[:2] == handler.batches[-2:] == [FOUR[:2], FOUR[2:]]


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


class Miscounting(Log):
    """Polls as aiokafka does after a time-out of its own: the task's count of cancellations stays one too high."""

    async def poll(self) -> Batch:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        return await super().poll()


async def test_a_driver_that_cancels_inside_a_poll_does_not_end_the_loop_once_a_batch_falls() -> None:
    log, handler, hold = Miscounting(FOUR), Applied(), Hold("a0")
    producer = Acked(hold)
    async with loop_on(log, handler, producer) as loop:
        await loop.until(lambda: hold.came.is_set() and len(handler.batches) == 2)
        log.rebalance()
        hold.opened.set()
        await loop.until(lambda: log.done)
    assert handler.batches[-2:] == [FOUR[:2], FOUR[2:]]


async def test_a_batch_that_a_driver_cuts_off_from_inside_is_replayed_and_ends_nobody() -> None:
    cuts = [asyncio.CancelledError()]

    async def cut(_: list[str]) -> None:
        if cuts:
            raise cuts.pop()

    log, producer = Log(FOUR), Acked()
    async with loop_on(log, Applied(cut), producer) as loop:
        await loop.until(lambda: log.done)
    assert log.closed == 1, "the group is joined anew"
    assert producer.values == FOUR


class Unfathomable(Log):
    """Cannot tell how far behind it is, the first time it is asked."""

    def __init__(self, trouble: BaseException) -> None:
        super().__init__(FOUR)
        self.trouble: BaseException | None = trouble

    async def behind(self) -> Mapping[TopicPartition, int]:
        trouble, self.trouble = self.trouble, None
        if trouble is not None:
            raise trouble
        return await super().behind()


async def test_a_lag_that_could_not_be_told_once_is_told_again_or_a_process_at_rest_would_look_stuck() -> None:
    log, hold, watchdog = Unfathomable(RuntimeError("a bug of the driver's")), Hold("a0"), Watchdog(0.5)
    async with loop_on(log, Applied(), Acked(hold), watchdog) as loop:
        await loop.until(lambda: watchdog.lag == 4)
        hold.opened.set()
        await loop.until(lambda: watchdog.lag == 0)
    assert log.trouble is None
