"""A partition of `__consumer_offsets` that Kafka cannot load: the runbook is followed, and nothing is lost."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

from aiokafka.errors import KafkaError, NotCoordinatorForGroupError

from tests.faults.support.eyes import Eyes
from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Plan
from tests.faults.support.site import Site
from tests.faults.support.unloaded import unloaded
from tests.faults.support.wire import Wire
from tests.stack.support.rest import assert_clean
from tests.stack.support.waiting import eventually

GROUPS = ("upload", "quota", "janitor", "classifier")
HEAD = struct.Struct(">qi")
"""How a batch in a log begins: its first offset, and how many bytes follow."""


async def test_a_group_without_a_coordinator_has_one_when_its_partition_is_moved_away_and_loses_nothing(
    site: Site, eyes: Eyes, tmp_path: Path
) -> None:
    data = site.stack.layout.state / "kafka" / "data"
    first, second = (Load(site.api, Plan(users=2, uploads=3, seed=seed)) for seed in (1, 2))
    await first.run()
    await assert_clean(site.info)
    async with site.processes.without("kafka"):
        broken = _say_the_last_batches_again(data)

    async def named() -> set[str]:
        return unloaded(site.stack.layout)

    await eventually(named, becomes=broken)
    for group in GROUPS:
        await eventually(lambda group=group: _coordinator(eyes.wire, group), becomes=NotCoordinatorForGroupError)  # type: ignore[misc]
    async with site.processes.without("kafka"):
        for name in broken:
            shutil.move(data / name, tmp_path)
    await second.run()
    await assert_at_rest(site, first, second)


def _say_the_last_batches_again(data: Path) -> set[str]:
    """What a broker does whose index found no room on the disk; the partitions that have any."""
    folders = set()
    for log in data.glob("__consumer_offsets-*/*.log"):
        batches = _batches(log.read_bytes())
        if batches:
            log.write_bytes(b"".join([*batches, batches[-1]]))
            folders.add(log.parent.name)
    return folders


def _batches(log: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(log):
        end = at + HEAD.size + HEAD.unpack_from(log, at)[1]
        found.append(log[at:end])
        at = end
    return found


async def _coordinator(wire: Wire, group: str) -> type[KafkaError] | None:
    """What the group's coordinator says of itself; None where it answers."""
    try:
        await wire.offsets(group)
    except KafkaError as error:
        return type(error)
    return None
