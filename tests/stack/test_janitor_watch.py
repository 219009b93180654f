"""The janitor's look at the groups, on a real Kafka: again and again, by one client."""

from __future__ import annotations

import asyncio
from typing import Any

from services.janitor.watch import Client
from services.janitor.watch_letters import Notes
from tests.stack.chassis_servers import kafka_settings, topics, unique, write

SECONDS = 20.0
"""Far above what a look takes."""


async def test_each_look_at_a_lag_finds_the_record_it_waits_for(stack: Any) -> None:
    """The driver's fetching may end for good by the way in which a partition is left."""
    client, topic = Client(kafka_settings(stack)), unique("watched")
    async with topics(stack, topic, partitions=2):
        for partition in range(2):
            await write(stack, topic, [b"first", b"second"], partition)
        try:
            async with asyncio.timeout(SECONDS):
                await client.start()
                for offset, value in ((0, b"first"), (1, b"second"), (0, b"first")):
                    wanted = {(topic, partition): offset for partition in range(2)}
                    found = await client.records(wanted)
                    assert {at: record.value for at, record in found.items()} == dict.fromkeys(wanted, value)
                    await client.letters(Notes())
        finally:
            await client.close()
