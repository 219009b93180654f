"""The state machine: any history, told to the real ledger in batches of any size, and to a twin of it in others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import ClassVar, TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.prove.bench import Bench
from tests.prove.facts import FACTS, LIMITS, USERS, Fact, Heard, Log
from tests.prove.world import Batch, Limit, World

Slice: TypeAlias = tuple[int, int, bool]
"""Records to read again: the first, how many, and whether in the reverse order."""

_slices = st.tuples(st.integers(0, 60), st.integers(0, 12), st.booleans())
_few_facts = st.lists(FACTS, max_size=4)
_crowds = st.sampled_from((None, Fact("present", 0, at=1, etag="b", size=1), Fact("registered", 0, size=50)))
"""What all users bring at once, to both replicas."""
_cuts = st.lists(st.integers(1, 6), max_size=3)
_limits = st.sampled_from(LIMITS)


class LedgerMachine(RuleBasedStateMachine):
    """Each step tells both worlds the same, one in batches as drawn, the other in batches of `grain` records."""

    bench: ClassVar[Bench]

    def __init__(self) -> None:
        super().__init__()
        self.bench.tally.examples += 1
        self.log = Log()
        self.users = self.grain = 1
        self.worlds: list[World] = []

    @initialize(
        users=st.sampled_from((2, 1, 3, USERS)),
        grain=st.integers(1, 4),
        limits=st.lists(st.sampled_from((100, *LIMITS, None, None, None)), min_size=USERS, max_size=USERS),
    )
    def users_register(self, users: int, grain: int, limits: list[int | None]) -> None:
        """Some with a limit, some not at all."""
        self.users, self.grain = users, grain
        self.worlds = [World(self.bench.replicas, self.bench.eyes, users) for _ in range(2)]
        known = [(user, limit) for user, limit in enumerate(limits[:users]) if limit is not None]
        self._tell(self.log.append([Fact("registered", user, size=limit) for user, limit in known]), [])

    @rule(facts=st.lists(FACTS, max_size=12), again=_slices, first=st.booleans(), cuts=_cuts)
    def records_arrive(self, *, facts: list[Fact], again: Slice, first: bool, cuts: list[int]) -> None:
        """New ones, after or before some that were read earlier."""
        old, new = self._read_again(again), self._write(facts)
        self._tell(old + new if first else new + old, cuts)

    @rule(user=st.integers(0, USERS - 1), limit=_limits)
    def a_limit_changes(self, user: int, limit: int) -> None:
        """By an administrator."""
        for world in self.worlds:
            self.bench.run(world.tell(Limit(user % self.users, limit)))

    @rule(
        facts=st.tuples(_few_facts, _few_facts),
        again=st.tuples(_slices, _slices),
        limit=st.none() | st.builds(Limit, st.just(0), _limits),
        crowd=_crowds,
        close=st.booleans(),
    )
    def replicas_race(
        self,
        *,
        facts: tuple[list[Fact], list[Fact]],
        again: tuple[Slice, Slice],
        limit: Limit | None,
        crowd: Fact | None,
        close: bool,
    ) -> None:
        """Two replicas, each with a batch of its own, and an administrator; `close` is over one key of each user."""
        everyone = [replace(crowd, user=user) for user in range(self.users)] if crowd else []
        ours = [[replace(fact, key=0) if close else fact for fact in each] for each in facts]
        news = [self._write(ours[0] + everyone), self._write(ours[1] + everyone[::-1])]
        batches = [Batch(self._read_again(old) + new) for old, new in zip(again, news, strict=True)]
        self.bench.tally.steps += 1
        for world in self.worlds:
            self.bench.tally.note(self.bench.run(world.race(*batches, *([limit] if limit else []))))

    def _read_again(self, which: Slice) -> list[Heard]:
        start, length, backwards = which
        found = self.log.records[start : start + length]
        return found[::-1] if backwards else found

    def _write(self, facts: Sequence[Fact]) -> list[Heard]:
        return self.log.append([replace(fact, user=fact.user % self.users) for fact in facts])

    def _tell(self, records: list[Heard], cuts: list[int]) -> None:
        for world, sizes in zip(self.worlds, (cuts, [self.grain] * len(records)), strict=True):
            for batch in cut(records, sizes):
                self.bench.tally.steps += 1
                self.bench.tally.records += len(batch)
                self.bench.tally.note(self.bench.run(world.tell(Batch(batch))))


def cut(records: list[Heard], sizes: Sequence[int]) -> list[list[Heard]]:
    """Batches of `sizes`, as far as they go, and the rest; none is empty."""
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    return [piece for start, end in pairwise([0, *ends, len(records)]) if (piece := records[start:end])]
