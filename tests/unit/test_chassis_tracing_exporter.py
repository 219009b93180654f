"""Spans on their way: what a collector does wrong costs spans, which are counted, and never a moment of the service."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.chassis.settings import ServiceSettings, SettingsError, load
from services.chassis.tracing import continuing, current, open_tracing, serving, span
from services.chassis.tracing_sdk import FLUSH_SECONDS, SPANS
from tests.stack.support.otlp import Collector, Mood, open_collector
from tests.stack.support.waiting import eventually
from tests.unit.spans import trace

OUTCOMES = ("exported", "failed", "dropped")
ROOM = 512
PATIENCE = FLUSH_SECONDS * 4
"""A stop takes less, on whatever machine."""


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with open_collector() as found:
        yield found


def settings(url: str, **more: Any) -> ServiceSettings:
    told: dict[str, Any] = {
        "otel_exporter_otlp_endpoint": url,
        "otel_traces_sampler_arg": 1.0,
        "otel_bsp_schedule_delay": 20,
        "otel_bsp_max_queue_size": ROOM,
        "otel_exporter_otlp_timeout": 300,
        "traces_of_clients_per_second": 1_000_000,
    }
    return ServiceSettings(**{**told, **more})


def counted() -> dict[str, float]:
    return {outcome: SPANS.labels(outcome)._value.get() for outcome in OUTCOMES}  # noqa: SLF001 - no other way


async def test_spans_arrive_with_their_parents_kinds_links_and_who_made_them(collector: Collector) -> None:
    async with open_tracing(settings(collector.url, replica="7")):
        with serving(trace(5), "GET /a", {"http.route": "/a"}) as request:
            with span("part", "client"):
                pass
            assert current() is request
        assert current() is None
    first, second = sorted(collector.spans, key=lambda each: each.name)
    assert (first.trace, first.parent, first.kind) == (trace(5)[3:35], trace(5)[36:52], "server")
    assert (first.service, first.replica, first.attributes) == ("docuvault-service", "7", {"http.route": "/a"})
    assert (first.traceparent, second.parent, second.kind) == (request.traceparent, first.id, "client")


async def test_a_stop_sends_what_is_left_and_an_error_is_its_class_alone(collector: Collector) -> None:
    async with open_tracing(settings(collector.url, otel_bsp_schedule_delay=600_000)):
        with pytest.raises(KeyError), continuing(trace(5), "work"):
            raise KeyError("private")
    (seen,) = collector.spans
    assert (seen.failed, seen.attributes) == (True, {"error.type": "KeyError"})


async def test_headers_reach_the_collector_and_nothing_of_the_environment_does(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=another")
    async with open_tracing(settings(collector.url, otel_exporter_otlp_headers="x-key=a=b, y-key = c")):
        with serving("", "GET /a", {}):
            pass
    assert collector.spans[0].service == "docuvault-service"
    assert (collector.headers[0]["x-key"], collector.headers[0]["y-key"]) == ("a=b", "c")


async def trouble(collector: Collector, mood: Mood, made: int, **more: Any) -> dict[str, float]:
    """What becomes of the first span, which is on its way by then, and of `made` others; a stop is bounded."""
    collector.mood = mood
    before, longest = counted(), 0.0
    async with open_tracing(settings(collector.url, **more)):
        with serving("", "first", {}):
            pass
        await asyncio.wait_for(collector.asked.wait(), PATIENCE)
        for _ in range(made):
            began = time.thread_time()
            with serving("", "GET /a", {}):
                pass
            longest = max(longest, time.thread_time() - began)
        left = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - left < PATIENCE
    assert longest < 0.5
    assert collector.spans == []
    return {outcome: after - before[outcome] for outcome, after in counted().items()}


@pytest.mark.parametrize("mood", ["broken", "busy", "dripping", "babbling"])
async def test_a_collector_in_trouble_costs_spans_that_are_counted_and_no_time(
    collector: Collector, mood: Mood
) -> None:
    before = counted()
    found = await trouble(collector, mood, ROOM * 8)
    assert found["failed" if mood in {"broken", "busy"} else "exported"] >= 1

    async def total() -> float:
        return sum(counted().values()) - sum(before.values())

    await eventually(total, becomes=ROOM * 8 + 1.0)


async def test_while_a_collector_hangs_so_many_spans_wait_and_all_others_are_dropped_and_counted(
    collector: Collector,
) -> None:
    found = await trouble(collector, "hung", ROOM * 8, otel_exporter_otlp_timeout=60_000)
    assert found == {"exported": 0.0, "failed": 0.0, "dropped": ROOM * 8 + 1 - ROOM}


async def test_a_collector_that_is_away_is_no_trouble_and_once_it_is_back_spans_arrive() -> None:
    async with open_collector() as gone:
        url = gone.url
    before = counted()
    async with open_tracing(settings(url)):
        with serving("", "lost", {}):
            pass

        async def failed() -> float:
            return counted()["failed"] - before["failed"]

        await eventually(failed, becomes=1.0)
        async with open_collector(int(url.rpartition(":")[2])) as back:
            with serving("", "GET /a", {}):
                pass

            async def arrived() -> list[str]:
                return [each.name for each in back.spans]

            await eventually(arrived, becomes=["GET /a"])


async def test_after_trouble_all_its_room_is_free_again(collector: Collector) -> None:
    collector.mood = "broken"
    async with open_tracing(settings(collector.url)):
        for _ in range(ROOM * 3):
            with serving("", "lost", {}):
                pass
        before, collector.mood = counted(), "well"

        async def idle() -> bool:
            with serving("", "found", {}):
                pass
            return any(each.name == "found" for each in collector.spans)

        await eventually(idle, becomes=True)
        await asyncio.sleep(0.1)
        for _ in range(ROOM // 2):
            with serving("", "kept", {}):
                pass
    assert [each.name for each in collector.spans].count("kept") == ROOM // 2
    assert counted()["exported"] > before["exported"]


def test_the_settings_are_off_by_default_and_a_wrong_one_is_told_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [each for each in os.environ if each.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    assert load(ServiceSettings).otel_exporter_otlp_endpoint is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "1.5")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "hunter2")
    with pytest.raises(SettingsError) as told:
        load(ServiceSettings)
    for name in ("ENDPOINT", "SAMPLER_ARG", "HEADERS"):
        assert name in str(told.value)
    assert "hunter2" not in str(told.value)
