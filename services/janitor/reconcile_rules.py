"""What a walk of the bucket makes of each key: what the store holds beside what the janitor has heard.

| the store holds | the janitor heard | then |
| --- | --- | --- |
| anything | and the key is none of ours | foreign: told, and left alone unless asked |
| an object, young | anything | nothing: its notification may be on its way |
| an object | nothing of the key, or no decision | undecided |
| an object | reserved, with this etag and size | nothing: it is paid for |
| an object | reserved, with another etag or size | different: the URL was used again, and nobody heard |
| an object | it has to go, ordered just now | nothing: the removal is on its way |
| an object | it is removed, refused or released | unwanted: bytes that came later, and nobody heard |
| nothing | reserved | missing: paid for, and gone |
| either | it has to go, ordered long ago | stuck: the order was missed |
| nothing | anything else | nothing |

Whatever differs is said to the ledger, and the ledger decides, or says again what it has decided. Nothing is put right
here. Times are the store's own: `settled_ns` is when it was listed, less the grace.

What is paid for, as far as was heard, may have been released since, and nobody heard: of such objects a walk asks about
a share, in turn, and the ledger says again what it has decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID
from zlib import crc32

from docuvault_contracts.keys import owner_of
from msgspec import Struct

from services.chassis.storage import Listed
from services.janitor.decide import Ledger, State


class Kind(StrEnum):
    """How what the store holds differs from what is known."""

    UNDECIDED = "undecided"
    DIFFERENT = "different"
    UNWANTED = "unwanted"
    MISSING = "missing"
    STUCK = "stuck"
    FOREIGN = "foreign"


class Row(Struct, frozen=True, gc=False):
    """What the janitor has heard of a key. `ledger` is the newest decision, `etag` and `size_bytes` a reserved one's.

    `long_ago` says that nothing was heard of it within the grace.
    """

    object_key: str
    document_id: UUID
    user_id: UUID
    state: State
    ledger: Ledger | None
    etag: str | None
    size_bytes: int | None
    long_ago: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A key whose object, or whose lack of one, is not as it should be."""

    kind: Kind
    object_key: str
    stored: Listed | None
    row: Row | None

    @property
    def user_id(self) -> UUID:
        """Whose key it is; not of a foreign one."""
        return UUID(self._owner()[0])

    @property
    def document_id(self) -> UUID:
        """Which document's it is; not of a foreign one."""
        return UUID(self._owner()[1])

    def _owner(self) -> tuple[str, str]:
        owner = owner_of(self.object_key)
        if owner is None:
            raise ValueError("a foreign key is no document's")
        return owner


def differences(stored: Sequence[Listed], rows: Sequence[Row], settled_ns: int) -> list[Difference]:
    """Of one range of keys, all objects and all rows of it: what differs, in the order of the keys."""
    objects = {each.key: each for each in stored}
    known = {row.object_key: row for row in rows}
    return [
        Difference(kind, key, objects.get(key), known.get(key))
        for key in sorted(objects.keys() | known.keys())
        if (kind := judge(key, objects.get(key), known.get(key), settled_ns)) is not None
    ]


def judge(key: str, stored: Listed | None, row: Row | None, settled_ns: int) -> Kind | None:
    """How the key differs; None where it is as it should be, or may yet become so by itself."""
    if row is None and owner_of(key) is None:
        return Kind.FOREIGN
    if row is not None and row.state is State.REMOVE:
        return Kind.STUCK if row.long_ago and not _young(stored, settled_ns) else None
    if stored is None:
        return Kind.MISSING if row is not None and _paid(row) else None
    return None if _young(stored, settled_ns) else _beside(stored, row)


def _young(stored: Listed | None, settled_ns: int) -> bool:
    return stored is not None and stored.observed_ns > settled_ns


def _paid(row: Row) -> bool:
    return row.state is State.KEEP and row.ledger is Ledger.RESERVED


def _beside(stored: Listed, row: Row | None) -> Kind | None:
    if row is not None and row.state is State.REMOVED:
        return Kind.UNWANTED
    if row is None or row.ledger is None:
        return Kind.UNDECIDED
    if row.ledger is not Ledger.RESERVED:
        return Kind.UNWANTED
    return None if (stored.etag, stored.size) == (row.etag, row.size_bytes) else Kind.DIFFERENT


@dataclass(frozen=True, slots=True)
class Turn:
    """Which share of the keys it is the turn of: one in `every`, none where that is 0. Walk by walk all have theirs."""

    every: int
    number: int

    def has(self, object_key: str) -> bool:
        """Whether it is the key's turn."""
        return self.every > 0 and crc32(object_key.encode()) % self.every == self.number % self.every


def to_ask(stored: Sequence[Listed], rows: Sequence[Row], settled_ns: int, turn: Turn) -> list[tuple[Row, Listed]]:
    """Of one range of keys, what is paid for and as it should be, and is asked about all the same."""
    objects = {each.key: each for each in stored if turn.has(each.key)}
    both = [(row, objects[row.object_key]) for row in rows if row.object_key in objects and _paid(row)]
    return [(row, there) for row, there in both if not _young(there, settled_ns) and _beside(there, row) is None]


@dataclass(frozen=True, slots=True)
class Range:
    """The keys after `after` up to and including `until`; without an `until`, all that come after."""

    after: str
    until: str | None


def cut(wanted: Range, rows: Sequence[Row], most: int) -> Range:
    """What the rows of `wanted`, of which at most `most` were read, have been read for."""
    return Range(wanted.after, rows[-1].object_key) if len(rows) >= most else wanted


def within(stored: Sequence[Listed], read: Range) -> Iterator[Listed]:
    """The objects of a range."""
    return (each for each in stored if each.key > read.after and (read.until is None or each.key <= read.until))
