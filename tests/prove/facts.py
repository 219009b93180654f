"""What may happen to a few keys of a few users, and the records that tell it.

Sizes and limits are few, so that sums meet limits exactly. Times are drawn as steps from the newest one of their key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hypothesis import strategies as st

Kind = Literal["present", "absent", "deleted", "registered"]
LARGEST = 2**63 - 1
USERS = 12
KEYS = 3
SIZES = (10, 20, 30, 50, 100, 1, 0, 99, 2**62, LARGEST)
LIMITS = (100, 50, 30, 110, 0, LARGEST)
START = 2**60
"""The time that everything begins at, in ns since the epoch."""
STEPS = (1, 0, -1, 1, 1000, -1000, 1, 0, -START, LARGEST)
"""From the newest time of a key to the next: mostly they tie or follow each other, some jump to either end of time."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, to the `key`-th key of the `user`-th user; `joined` to the record before it.

    `by_store` is told by the store's own notification; anything else by an event of ours, and a look of ours asks. Of a
    deletion it tells the first word from a reminder, which asks, too. For `registered`, `size` is the limit and -1 is
    none. `trace` is a traceparent's number, 0 is none.
    """

    kind: Kind
    user: int
    key: int = 0
    at: int = 0
    etag: str = "a"
    size: int = 0
    by_store: bool = False
    joined: bool = False
    trace: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact was read."""

    topic: str
    partition: int
    offset: int
    index: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A record: its facts, and where each was read."""

    facts: tuple[tuple[Fact, Origin], ...]


_user, _key, _at = st.integers(0, USERS - 1), st.integers(0, KEYS - 1), st.sampled_from(STEPS)
_yes, _trace = st.booleans(), st.sampled_from((0, 0, 0, 7))
_present: st.SearchStrategy[Fact] = st.builds(
    Fact, st.just("present"), _user, _key, _at, st.sampled_from("abc"), st.sampled_from(SIZES), _yes, _yes, _trace
)
_absent: st.SearchStrategy[Fact] = st.builds(
    Fact, st.just("absent"), _user, _key, _at, st.just(""), st.just(0), _yes, _yes
)
_deleted: st.SearchStrategy[Fact] = st.builds(Fact, st.just("deleted"), _user, _key, by_store=_yes, trace=_trace)
_registered: st.SearchStrategy[Fact] = st.builds(
    Fact, st.just("registered"), _user, size=st.sampled_from((*LIMITS, -1))
)
FACTS = st.sampled_from("ppppppaadr").flatmap(
    {"p": _present, "a": _absent, "d": _deleted, "r": _registered}.__getitem__
)


class Log:
    """The records of a run, in the order they were first read; offsets count per partition, each from 0."""

    def __init__(self) -> None:
        self.records: list[Heard] = []
        self._ends: dict[tuple[str, int], int] = {}
        self._newest: dict[tuple[int, int], int] = {}

    def append(self, facts: Sequence[Fact]) -> list[Heard]:
        """The records that tell `facts`, written. The time of a fact is taken as a step from its key's newest one."""
        new = [Heard(tuple(self._placed(group))) for group in _grouped([self._timed(fact) for fact in facts])]
        self.records += new
        return new

    def _timed(self, fact: Fact) -> Fact:
        newest = self._newest.get((fact.user, fact.key), START)
        at = min(max(newest + fact.at, 0), LARGEST)
        self._newest[fact.user, fact.key] = newest if at == LARGEST else max(newest, at)
        return replace(fact, at=at)

    def _placed(self, group: Sequence[Fact]) -> Iterator[tuple[Fact, Origin]]:
        topic, partition = topic_of(group[0]), int(group[0].etag > "a")
        offset = self._ends.get((topic, partition), 0)
        self._ends[topic, partition] = offset + 1
        for index, fact in enumerate(group):
            yield fact, Origin(topic, partition, offset, index)


def _grouped(facts: Sequence[Fact]) -> list[list[Fact]]:
    """One list a record: only the store's notifications hold several facts."""
    groups: list[list[Fact]] = []
    for fact in facts:
        if groups and fact.joined and told_by_store(fact) and told_by_store(groups[-1][0]):
            groups[-1].append(fact)
        else:
            groups.append([fact])
    return groups


def told_by_store(fact: Fact) -> bool:
    return fact.by_store and fact.kind in {"present", "absent"}


def asks(fact: Fact) -> bool:
    """Whether somebody wants to hear what was decided."""
    return fact.kind != "registered" and not fact.by_store


def topic_of(fact: Fact) -> str:
    """Where it is told: a present object that the store did not tell by a confirm, an absent one by the janitor."""
    if told_by_store(fact):
        return "storage.events"
    return {"present": "documents", "absent": "storage.janitor", "deleted": "documents", "registered": "users"}[
        fact.kind
    ]
