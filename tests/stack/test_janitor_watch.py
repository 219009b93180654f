"""The janitor's look at the groups, on a real Kafka: again and again, by one client."""

from __future__ import annotations

import asyncio
from typing import Any

from services.janitor.watch import Client
from tests.stack.chassis_servers import kafka_settings, topics, unique, write

SECONDS = 20.0
"""Far above what a look takes."""


async def test_a_look_finds_what_it_waits_for_also_after_one_at_a_group_that_is_behind_in_nothing(stack: Any) -> None:
    """Left in another way, partitions that were assigned for a moment end the driver's fetching for good."""
    client, topic = Client(kafka_settings(stack)), unique("watched")
    async with topics(stack, topic):
        await write(stack, topic, [b"first", b"second"])
        try:
            async with asyncio.timeout(SECONDS):
                await client.start()
                for offset, value in enumerate((b"first", b"second")):
                    found = await client.records({(topic, 0): offset})
                    assert [record.value for record in found.values()] == [value]
                    assert await client.partitions()  # a turn for the driver, as between any two looks
                    assert await client.records({}) == {}
                    assert await client.partitions()
        finally:
            await client.close()
