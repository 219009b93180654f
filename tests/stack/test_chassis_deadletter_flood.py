"""Ten times as many bad records as the limit allows, between good ones, on a real broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from services.chassis.errors import Transient
from services.chassis.settings import KafkaSettings
from services.chassis.watchdog import Watchdog
from tests.stack.chassis_consumers import Place, Replica, place, replica
from tests.stack.chassis_servers import kafka_settings, read, until

LIMIT = 20
BAD = 10 * LIMIT


@pytest.fixture
async def at(stack: Any) -> AsyncIterator[Place]:
    async with place(stack) as found:
        yield found


def limited(at: Place, **changes: object) -> KafkaSettings:
    return kafka_settings(at.stack, kafka_max_batch=10, kafka_dead_letter_limit=LIMIT, **changes)


async def flood(at: Place) -> None:
    """Good ones and bad ones by turns, and a run of bad ones at the end."""
    await at.write(*(word for number in range(LIMIT) for word in (f"good-{number}", "garbage")))
    await at.write(*["garbage"] * (BAD - LIMIT), "last")


async def buried(at: Place) -> set[bytes]:
    return {dict(each.headers)["dlq_offset"] or b"" for each in await read(at.stack, f"dlq.{at.group}")}


def halted(registry: CollectorRegistry, group: str) -> bool:
    return registry.get_sample_value("docuvault_consumer_halted", {"group": group}) == 1


async def until_halted(running: Replica, at: Place) -> None:
    await until(lambda: halted(running.metrics.registry, at.group))


async def test_it_stops_and_says_so_and_with_the_limit_raised_everything_is_handled_or_buried(at: Place) -> None:
    await flood(at)
    watchdog = Watchdog(3)
    with capture_logs() as logs:
        async with replica(
            at, settings=limited(at, kafka_dead_letter_window_seconds=3600), watchdog=watchdog
        ) as running:
            await until_halted(running, at)
            stands = await at.committed()
            with pytest.raises(Transient, match=f"halted: over {LIMIT} dead letters in 3600 s; it tries again in"):
                await running.consumer.ping()
            await until(lambda: _attempts(logs) > 8)  # about four seconds: longer than the watchdog waits
            assert not running.stuck.is_set()
            assert await at.committed() == stands
    assert stands is not None
    assert stands < 2 * LIMIT + BAD
    assert LIMIT <= len(await buried(at)) <= LIMIT + 10
    assert [line["log_level"] for line in logs if line["event"] == "consumer.halted"] == ["error"]
    async with replica(at, settings=limited(at).model_copy(update={"kafka_dead_letter_limit": 0})):
        await at.until_committed(LIMIT + BAD + 1)
    await assert_all_is_handled_or_buried(at)


async def test_by_itself_it_goes_on_as_its_budget_refills_until_everything_is_handled_or_buried(at: Place) -> None:
    await flood(at)
    with capture_logs() as logs:
        async with replica(at, settings=limited(at, kafka_dead_letter_window_seconds=1)) as running:
            await at.until_committed(LIMIT + BAD + 1)
            assert not halted(running.metrics.registry, at.group)
            await running.consumer.ping()
    said = [line["event"] for line in logs if line["event"] in {"consumer.halted", "consumer.resumed"}]
    assert len(said) > 4
    assert said == ["consumer.halted", "consumer.resumed"] * (len(said) // 2)
    await assert_all_is_handled_or_buried(at)


async def assert_all_is_handled_or_buried(at: Place) -> None:
    assert list(dict.fromkeys(await at.read())) == [*(f"good-{number}" for number in range(LIMIT)), "last"]
    bad = [*range(1, 2 * LIMIT, 2), *range(2 * LIMIT, LIMIT + BAD)]
    assert await buried(at) == {str(offset).encode() for offset in bad}


def _attempts(logs: Any) -> int:
    return len([line for line in logs if line["event"] == "consumer.backing_off" and line["step"] == "halt"])
