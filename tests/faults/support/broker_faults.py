"""What befalls the brokers of a cluster while users upload; what does not heal by itself is healed at the end."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping

from aiokafka.errors import KafkaError
from docuvault_contracts import topics

from deploy.local.kafka_nodes import folder_of
from tests.faults.support.brokers import WHOLE_SECONDS, Brokers
from tests.faults.support.load import Load
from tests.faults.support.wire import open_wire
from tests.stack.support.waiting import eventually

AWAY_SECONDS = 4.0
HUNG_SECONDS = 14.0
"""Longer than a broker may be silent before others lead what it led (`broker.session.timeout.ms`, 9 s)."""
QUOTA, STORAGE = topics.QUOTA.name, topics.STORAGE_EVENTS.name

Fault = Callable[[Brokers, Load], Awaitable[None]]


async def coordinator_killed(brokers: Brokers, load: Load) -> None:
    """Kill -9 of who keeps the ledger's offsets, in mid-batch, and leads its topic; it is started again by itself."""
    number = await brokers.coordinator("quota")
    await brokers.prefer(QUOTA, number)
    await load.has_put(2)
    await brokers.site.processes.kill(brokers.name(number))
    await load.has_put(2)


async def leaders_moved(brokers: Brokers, load: Load) -> None:
    """Each topic that the ledger reads or writes is led by one broker after the other."""
    for number in (1, 2, 3):
        await asyncio.gather(brokers.prefer(QUOTA, number), brokers.prefer(STORAGE, number))
        await load.has_put(2)


async def one_away(brokers: Brokers, load: Load) -> None:
    """All is kept twice: whatever comes is decided meanwhile."""
    async with brokers.site.processes.without(brokers.name(2)):
        await eventually(lambda: brokers.in_sync(QUOTA), becomes=[2] * topics.QUOTA.partitions)
        client = await brokers.site.api.user()
        upload = await client.put_new(b"decided with one broker away")  # the store may try the one that is away first
        await eventually(lambda: client.status_of(upload), becomes="uploaded", within=WHOLE_SECONDS)
        await load.has_put(2)


async def two_away(brokers: Brokers, _: Load) -> None:
    """All is kept once: nothing more is taken, nothing is lost, and no upload is held up."""
    client, last = await brokers.site.api.user(), await brokers.coordinator("quota")
    gone = [brokers.name(number) for number in brokers.others(last)]
    for name in gone:
        await brokers.site.processes.stop(name)
    upload = await client.begin()
    assert await client.put(upload, b"put while nothing could be said") == 200
    await asyncio.sleep(AWAY_SECONDS)  # the fault itself: it takes as long as it takes
    assert await client.status_of(upload) == "pending"
    await brokers.site.processes.start(*gone)
    await brokers.whole()
    await eventually(lambda: client.status_of(upload), becomes="uploaded", within=WHOLE_SECONDS)


async def one_hung(brokers: Brokers, load: Load) -> None:
    """One that leads stands still, its connections open and silent."""
    await brokers.prefer(QUOTA, 3)
    async with brokers.site.processes.frozen(brokers.name(3)):
        await asyncio.sleep(HUNG_SECONDS)  # the fault itself
        await load.has_put(2)


async def controller_killed(brokers: Brokers, load: Load) -> None:
    """Kill -9 of who leads the controllers."""
    await brokers.site.processes.kill(brokers.name(brokers.controller()))
    await load.has_put(2)


async def disk_lost(brokers: Brokers, load: Load) -> None:
    """A broker comes back with an empty disk: `make up` makes it a new one, which gets all from the others."""
    node = brokers.nodes[1]
    await brokers.site.processes.stop(node.name)
    shutil.rmtree(folder_of(brokers.site.stack.layout, node) / "data")
    await load.has_put(2)
    await asyncio.to_thread(brokers.site.stack.up)
    await load.has_put(2)


async def one_after_the_other(brokers: Brokers, load: Load) -> None:
    """A restart of each, as for a new version: the next one when the last one is in sync again."""
    for node in brokers.nodes:
        await asyncio.to_thread(brokers.site.stack.supervisor.restart, node.name)
        await brokers.whole()
        await load.has_put(1)


async def word_lost(brokers: Brokers, _: Load) -> None:
    """The store's word is acknowledged by one broker alone, which dies before another has it: Kafka never had it."""
    site, client = brokers.site, await brokers.site.api.user()
    await brokers.prefer(STORAGE, 1)
    before = await client.put_new(b"the store has found the leader")  # else it may ask one that is silent where it is
    await eventually(lambda: client.status_of(before), becomes="uploaded", within=WHOLE_SECONDS)
    async with site.processes.frozen(brokers.name(2)), site.processes.frozen(brokers.name(3)):
        upload = await client.put_new(b"told to one broker alone")
        await eventually(lambda: _told(brokers, upload.key), becomes=True, within=WHOLE_SECONDS)
        os.kill(await site.processes.pid(brokers.name(1)), signal.SIGSTOP)
    await eventually(lambda: _led_by(brokers, 1), becomes=0, within=WHOLE_SECONDS)
    await site.processes.kill(brokers.name(1))
    await brokers.whole()
    async with open_wire(site.info) as wire:
        said = b"".join(record.value or b"" for record in await wire.read(STORAGE))
    assert upload.key.encode() not in said, "another broker had it, so nothing was lost"


async def _told(brokers: Brokers, key: str) -> bool:
    """Whether the first broker has a notification on its disk that the store has no more in its own."""
    logs = (folder_of(brokers.site.stack.layout, brokers.nodes[0]) / "data").glob(f"{STORAGE}-*/*.log")
    held = any(key.encode() in path.read_bytes() for path in logs)
    queued = [path for path in brokers.site.stack.layout.untold.rglob("*") if path.is_file()]
    return held and not any(key.encode() in path.read_bytes() for path in queued)


async def _led_by(brokers: Brokers, number: int) -> int | str:
    try:
        return (await brokers.leaders(STORAGE)).count(number)
    except (KafkaError, OSError, TimeoutError) as error:
        return str(error)


OFTEN: Mapping[str, Fault] = {
    "the broker that coordinates and leads is killed": coordinator_killed,
    "two brokers are away": two_away,
}
RARELY: Mapping[str, Fault] = {
    "one broker is away": one_away,
    "the leader is lost with what the store told it alone": word_lost,
    "leaders are moved from broker to broker": leaders_moved,
    "a broker hangs": one_hung,
    "the leader of the controllers is killed": controller_killed,
    "a broker loses its disk": disk_lost,
    "brokers are restarted one after the other": one_after_the_other,
}
