"""A flood of dead letters halts a consumer, says so, and goes on by itself; the time is the test's own."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from services.chassis import retry
from services.chassis.deadletter_budget import DeadLetterBudget
from services.chassis.deadletter_cap import DeadLetterCap
from services.chassis.errors import Transient
from services.chassis.metrics import Metrics
from services.chassis.retry import Abandoned
from tests.unit.chassis_fakes import GROUP, Applier, Said, batch, run, work_on


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def capped(limit: int, window: float = 60) -> tuple[DeadLetterCap, Clock]:
    clock = Clock()
    return DeadLetterCap(DeadLetterBudget(limit, window), GROUP, clock), clock


def test_what_is_spent_halts_and_half_a_window_later_it_goes_on() -> None:
    budget = DeadLetterBudget(10, 60)
    assert budget.allows(0)
    budget.spend(10, 0)
    assert [budget.allows(at) for at in (0, 6, 29.9, 30)] == [False, False, False, True]
    assert budget.allows(30)


def test_a_few_dead_letters_now_and_then_never_halt() -> None:
    budget = DeadLetterBudget(10, 60)
    for minute in range(1000):
        assert budget.allows(minute * 60)
        budget.spend(9, minute * 60)


def test_a_batch_larger_than_the_budget_passes_and_is_paid_for_afterwards() -> None:
    budget = DeadLetterBudget(10, 60)
    assert budget.allows(0)
    budget.spend(500, 0)
    assert not budget.allows(1)
    assert budget.wait_seconds(0) == 90
    assert budget.allows(90)


def test_no_limit_never_halts() -> None:
    budget = DeadLetterBudget(0, 60)
    budget.spend(10**9, 0)
    assert budget.allows(0)


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 50)), max_size=60), st.integers(1, 100))
def test_whatever_comes_it_halts_no_longer_than_a_window_and_a_half_and_writes_no_more_than_it_may(
    steps: list[tuple[float, int]], limit: int
) -> None:
    budget, now, written, largest = DeadLetterBudget(limit, 60), 0.0, 0, 0
    for pause, count in steps:
        now += pause
        if budget.allows(now):
            budget.spend(count, now)
            written, largest = written + count, max(largest, count)
        assert budget.wait_seconds(now) <= 90 + 1e-6
    halts = 1 + now / 30  # between two overdrafts lies half a window at least
    assert written <= limit * (1 + now / 60) + largest * halts + 1e-6


async def test_a_halted_consumer_has_handled_the_good_ones_and_written_no_dead_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry, "pause", lambda *_: asyncio.sleep(0))
    cap, clock = capped(1)
    producer, registry = Said(), CollectorRegistry()
    await cap.admit(1, Metrics(registry))
    work = work_on(batch([b"a", b"garbage", b"b"]), Applier(), producer, cap=cap)
    with capture_logs() as logs:
        running = asyncio.create_task(run(work))
        await asyncio.wait_for(_halts(work.line.metrics), 5)
        assert (producer.values, producer.dead) == (["a", "b"], [])
        with pytest.raises(Transient, match="halted: over 1 dead letters in 60 s; it tries again in 30 s"):
            cap.check()
        assert _halted(work.line.metrics) == 1
        clock.now += 30
        await asyncio.wait_for(running, 5)
    cap.check()
    assert [letter.value for letter in producer.dead] == [b"garbage"]
    assert _halted(work.line.metrics) == 0
    said = [line["event"] for line in logs if line["event"] in {"consumer.halted", "consumer.resumed"}]
    assert said == ["consumer.halted", "consumer.resumed"]


async def test_a_stop_leaves_the_batch_of_a_halted_consumer_uncommitted() -> None:
    cap, _ = capped(1)
    await cap.admit(1, Metrics(CollectorRegistry()))
    stop, producer = asyncio.Event(), Said()
    running = asyncio.create_task(run(work_on(batch([b"garbage"]), Applier(), producer, stop, cap)))
    await asyncio.sleep(0.1)
    stop.set()
    with pytest.raises(Abandoned):
        await asyncio.wait_for(running, 1)
    assert producer.dead == []


async def test_good_records_alone_pass_a_halted_consumer() -> None:
    cap, _ = capped(1)
    await cap.admit(1, Metrics(CollectorRegistry()))
    producer = Said()
    await run(work_on(batch([b"a"]), Applier(), producer, cap=cap))
    assert producer.values == ["a"]


async def _halts(metrics: Metrics) -> None:
    while True:
        if _halted(metrics):
            return
        await asyncio.sleep(0.005)


def _halted(metrics: Metrics) -> float | None:
    return metrics.registry.get_sample_value("docuvault_consumer_halted", {"group": GROUP})
