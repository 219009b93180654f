"""Several documents side by side: how many, whose, and what becomes of them at a stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from services.chassis.metrics import REGISTRY
from services.classifier import runners
from services.classifier.runners import Runners
from tests.unit.classifier_facts import OTHER, USER
from tests.unit.classifier_world import AWAY, World, claim


@asynccontextmanager
async def running(runners: Runners) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(runners.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


async def until(holds: Callable[[], bool], seconds: float = 5) -> None:
    """Returns once it holds. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            if holds():
                return
            await asyncio.sleep(0.005)


async def test_all_that_waits_is_worked_on_however_many_there_are() -> None:
    world = World(waiting=[claim() for _ in range(30)])
    async with running(world.runners()):
        await until(lambda: len(world.recorded) == 30)
    assert world.most <= 2, "the most that one user may have"


async def test_one_users_slow_documents_leave_a_runner_for_somebody_else() -> None:
    gate = asyncio.Event()
    slow, other = [claim(USER) for _ in range(9)], claim(OTHER)
    world = World(waiting=[*slow, other], when_read=gate.wait)
    async with running(world.runners()):
        await until(lambda: world.reads == 3)
        assert sorted(str(one.user_id) for one in world.desk.at_work) == sorted(map(str, [USER, USER, OTHER]))
        gate.set()
        await until(lambda: len(world.recorded) == 10)


async def test_how_many_wait_is_told_those_at_work_among_them() -> None:
    gate = asyncio.Event()
    world = World(waiting=[claim() for _ in range(7)], when_read=gate.wait)
    async with running(world.runners(lease_seconds=0.3)):
        await until(lambda: REGISTRY.get_sample_value("docuvault_classifier_in_line") == 7)
        gate.set()
        await until(lambda: REGISTRY.get_sample_value("docuvault_classifier_in_line") == 0)


async def test_a_ring_begins_the_work_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runners, "POLL_SECONDS", 600)
    world = World()
    async with running(world.runners()):
        await asyncio.sleep(0)
        world.waiting.append(claim())
        world.bell.ring()
        await until(lambda: len(world.recorded) == 1)


async def test_what_nobody_rang_for_is_found_by_the_poll() -> None:
    world = World()
    async with running(world.runners()):
        await until(lambda: not world.waiting)
        world.waiting.append(claim())
        await until(lambda: len(world.recorded) == 1)


async def test_neither_a_bug_nor_a_database_that_is_away_stops_the_runners() -> None:
    world = World(waiting=[claim(OTHER), claim(USER)])
    world.troubles = {"claim": [AWAY, AWAY], "read": [ZeroDivisionError(), AWAY]}
    async with running(world.runners(count=1)):
        await until(lambda: len(world.given_back) == 2)
        world.waiting.append(claim())
        world.desk.rest(USER, 0)
        world.bell.ring()
        await until(lambda: len(world.recorded) == 1)


async def test_a_stop_lets_what_is_under_way_finish() -> None:
    gate = asyncio.Event()
    world = World(waiting=[claim()], when_read=gate.wait)
    async with running(world.runners()) as stop:
        await until(lambda: world.reads == 1)
        stop.set()
        gate.set()
    assert len(world.recorded) == 1
    assert not world.given_back


async def test_a_stop_gives_back_what_does_not_finish_in_its_grace_and_does_not_count_it() -> None:
    one = claim()
    world = World(waiting=[one], when_read=asyncio.Event().wait)
    async with running(world.runners(grace_seconds=0.05)):
        await until(lambda: world.reads == 1)
    assert world.given_back == [(one, 0, False)]
    assert not world.desk.at_work


async def test_a_stop_with_the_database_away_ends_all_the_same() -> None:
    world = World(waiting=[claim()], when_read=asyncio.Event().wait, troubles={"give_back": [AWAY]})
    async with running(world.runners(grace_seconds=0.05)):
        await until(lambda: world.reads == 1)
    assert not world.desk.at_work


async def test_leases_are_kept_while_the_work_goes_on() -> None:
    one = claim()
    world = World(waiting=[one], when_read=asyncio.Event().wait)
    async with running(world.runners(grace_seconds=0.05, lease_seconds=0.06)):
        await until(lambda: len(world.renewed) >= 3)
    assert world.renewed[-1] == [one]
