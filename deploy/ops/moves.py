"""Which offsets become which: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition

from deploy.ops.groups import Standing


@dataclass(frozen=True, slots=True)
class Move:
    """A partition whose offset changes. `before` is None where the group had committed none, and reads all there is."""

    topic: str
    partition: int
    before: int | None
    after: int
    first: int

    @property
    def at(self) -> TopicPartition:
        """The partition."""
        return TopicPartition(self.topic, self.partition)

    @property
    def again(self) -> int:
        """How many records are heard again; 0 where it moves forward."""
        return max(0, self._from - self.after)

    @property
    def skipped(self) -> int:
        """How many records are never heard; 0 where it moves back."""
        return max(0, self.after - self._from)

    @property
    def _from(self) -> int:
        return max(self.first, self.before or 0)


def moves_to(standings: Iterable[Standing], wanted: Mapping[TopicPartition, int]) -> Sequence[Move]:
    """To exactly the wanted offsets, within what there is; partitions that stand there already are left out."""
    found = []
    for each in standings:
        after = min(max(wanted[each.at], each.first), each.end)
        if after != each.committed:
            found.append(Move(each.topic, each.partition, each.committed, after, each.first))
    return found


def moves_back(standings: Iterable[Standing], wanted: Mapping[TopicPartition, int]) -> Sequence[Move]:
    """As `moves_to`, but never forward: what a group has yet to hear it must not miss."""
    standings = [each for each in standings if each.committed is not None and wanted[each.at] < each.committed]
    return moves_to(standings, wanted)
