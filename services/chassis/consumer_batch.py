"""What one poll gave: records in order per partition, the offsets they span, and whether they are still ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from aiokafka.structs import TopicPartition

from services.chassis.delivery import Record


@dataclass(frozen=True)
class Batch:
    """Records of one poll. `lost` is set when the partitions are revoked: another member replays them from the commit.

    `firsts` and `nexts` are, per partition, the offset of the first record and the one after the last.
    """

    records: tuple[Record, ...]
    firsts: Mapping[TopicPartition, int]
    nexts: Mapping[TopicPartition, int]
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    @cached_property
    def offsets(self) -> dict[str, str]:
        """For the log: "topic/partition" to "first-last"."""
        return {f"{tp.topic}/{tp.partition}": f"{first}-{self.nexts[tp] - 1}" for tp, first in self.firsts.items()}

    @property
    def size_bytes(self) -> int:
        """Bytes of all values."""
        return sum(len(record.value or b"") for record in self.records)


def batch_of(found: Mapping[TopicPartition, Sequence[Record]], lost: asyncio.Event) -> Batch:
    """A batch of what one poll gave, by partition; partitions without records do not appear in it."""
    taken = {tp: records for tp, records in found.items() if records}
    return Batch(
        records=tuple(record for records in taken.values() for record in records),
        firsts={tp: records[0].offset for tp, records in taken.items()},
        nexts={tp: records[-1].offset + 1 for tp, records in taken.items()},
        lost=lost,
    )
