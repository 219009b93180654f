"""The newest changes, as each replica keeps them in memory: by what an id says, what came after it.

An id names a place in topic documents.changes, `<partition>.<offset>`: the same on every replica. All changes of a user
are in one partition, so who has seen a place has seen all before it. Pure but for its own state; times are passed in.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from uuid import UUID

from services.chassis.producer_partition import partitions_of

_ID = re.compile(r"([0-9]{1,6})\.([0-9]{1,18})", re.ASCII)
_SLOT = 32
"""Bytes of a change: its user, its document. Small, since a window may hold tens of thousands."""
NOBODY = bytes(16)
ACCOUNT = bytes(16)
"""For the document of a change that is about none."""


@dataclass(frozen=True, slots=True)
class Place:
    """A change, or the last one before a moment."""

    partition: int
    offset: int

    def __str__(self) -> str:
        """The id of an event in a stream."""
        return f"{self.partition}.{self.offset}"


def place_of(text: str) -> Place | None:
    """The place that an id names; None for what is no id."""
    found = _ID.fullmatch(text)
    return None if found is None else Place(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Missed:
    """What changed after a place: documents, each once."""

    documents: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Ahead:
    """Another replica has read so far, and this one will soon; or nobody has, and never will."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What came after the place cannot be told; `reason` is for a person."""

    reason: str


class Shard:
    """The newest changes of one partition, each in a slot: the one at `first` + n is in slot n."""

    def __init__(self, offset: int) -> None:
        self.first = offset
        self._slots = bytearray()
        self._times = array("q")

    @property
    def next(self) -> int:
        """The offset of the change that is read next."""
        return self.first + len(self._times)

    def add(self, time_ms: int, user: bytes, document: bytes) -> None:
        """The change at `next`; `user` and `document` are the bytes of their ids."""
        self._slots += user + document
        self._times.append(time_ms)

    def forget(self, until_ms: int, most: int) -> None:
        """Keeps at most so many, and none of before that time."""
        count = max(len(self._times) - most, bisect_left(self._times, until_ms))
        if count > 0:
            del self._slots[: count * _SLOT], self._times[:count]
            self.first += count

    def since(self, offset: int, user: bytes, most: int) -> frozenset[UUID] | None:
        """The documents of the user among the changes after `offset`, which is kept; None where they are too many."""
        found: set[bytes] = set()
        at = self._slots.find(user, (offset + 1 - self.first) * _SLOT)
        while at >= 0 and len(found) <= most:
            if at % _SLOT == 0:
                found.add(bytes(self._slots[at + 16 : at + _SLOT]))
            at = self._slots.find(user, at + 1)
        found.discard(ACCOUNT)
        return None if len(found) > most else frozenset(UUID(bytes=each) for each in found)


class Window:
    """The shards. `seconds` and `most` changes a partition are kept; a client is told of `most_missed` at most."""

    def __init__(self, seconds: float, most: int, most_missed: int) -> None:
        self._milliseconds = round(seconds * 1000)
        self._most = most
        self._most_missed = most_missed
        self._shards: dict[int, Shard] = {}
        self._partitions = 0
        self.is_open = False
        """Whether it holds all that it should: it has been filled since the process began."""

    def widen(self, partitions: int) -> bool:
        """The topic has so many partitions; whether users are on others than before."""
        moved = self._partitions not in {0, partitions}
        if moved:
            self._shards.clear()
            self.is_open = False
        self._partitions = partitions
        return moved

    def place(self, partition: int) -> int | None:
        """The offset to read next; None where nothing has been read."""
        shard = self._shards.get(partition)
        return None if shard is None else shard.next

    def start(self, partition: int, offset: int) -> None:
        """Begins the partition anew: of what was before this offset nothing is known."""
        self._shards[partition] = Shard(offset)

    def add(self, partition: int, time_ms: int, user: bytes = NOBODY, document: bytes = ACCOUNT) -> None:
        """The change at the partition's `place`."""
        self._shards[partition].add(time_ms, user, document)

    def forget(self, now_ms: int) -> None:
        """Lets go of what is too old or too much."""
        for shard in self._shards.values():
            shard.forget(now_ms - self._milliseconds, self._most)

    def partition_of(self, user_id: UUID) -> int:
        """Where the changes of a user are."""
        return partitions_of([str(user_id).encode()], self._partitions)[0]

    def now(self, user_id: UUID) -> Place | None:
        """The newest place there is for a user; None while the window is not open."""
        if not self.is_open:
            return None
        partition = self.partition_of(user_id)
        return Place(partition, self._shards[partition].next - 1)

    def missed(self, user_id: UUID, text: str) -> Missed | Ahead | Lost:
        """What a client has missed whose newest id is `text`. The window must be open."""
        place, partition = place_of(text), self.partition_of(user_id)
        if place is None or place.partition != partition:
            return Lost("That id is none of this stream")
        shard = self._shards[partition]
        if place.offset >= shard.next:
            return Ahead()
        if place.offset + 1 < shard.first:
            return Lost("The changes since that id are not kept any more")
        found = shard.since(place.offset, user_id.bytes, self._most_missed)
        return Lost("There were too many changes since that id") if found is None else Missed(found)
