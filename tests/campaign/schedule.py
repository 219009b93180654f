"""Which fault strikes when: drawn from a seed, and nothing else. Pure.

A schedule is a sequence of rounds. First each fault has a round of its own, then several share one and overlap; faults
that need or break the same thing never share a round. A round begins when the one before it is healed, so that a slow
machine stretches a schedule and changes nothing else of it.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

OVERLAP = 0.5
"""A fault of a round begins within this part of the shortest one's time: all of them are there at once."""
TOGETHER = (2, 4)
"""How many faults share a round, from and to."""


@dataclass(frozen=True, slots=True)
class Case:
    """One fault that may be drawn: what befalls whom, what it needs or breaks, and how long it lasts, in seconds."""

    kind: str
    target: str
    touches: frozenset[str]
    seconds: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One fault of a schedule: `after` seconds into its round it strikes, and `lasts` seconds later it is healed."""

    number: int
    kind: str
    target: str
    after: float
    lasts: float

    def __str__(self) -> str:
        what = self.kind if self.target in self.kind else f"{self.target} {self.kind}"
        return f"#{self.number} {what}"


Round = tuple[Drawn, ...]


def draw(seed: str, count: int, cases: Sequence[Case]) -> list[Round]:
    """`count` faults: each kind alone, or each case where there is room for that twice; what is left is mixed."""
    chance = random.Random(seed)  # noqa: S311 - the same every time
    alone = _deck(chance, cases, count)[:count]
    rounds = [(_drawn(chance, number, case),) for number, case in enumerate(alone, 1)]
    return [*rounds, *_mixed(chance, len(alone), count, cases)]


def _deck(chance: random.Random, cases: Sequence[Case], count: int) -> list[Case]:
    """What is to strike alone, in the order in which it will."""
    deck = list(cases)
    if count < 2 * len(cases):
        kinds = dict.fromkeys(case.kind for case in cases)
        deck = [chance.choice([case for case in cases if case.kind == kind]) for kind in kinds]
    chance.shuffle(deck)
    return deck


def _mixed(chance: random.Random, done: int, count: int, cases: Sequence[Case]) -> Iterator[Round]:
    while done < count:
        chosen = _disjoint(chance, min(chance.randint(*TOGETHER), count - done), cases)
        drawn = [_drawn(chance, done + at, case) for at, case in enumerate(chosen, 1)]
        shortest = min(each.lasts for each in drawn)
        yield tuple(_later(each, round(chance.uniform(0, OVERLAP * shortest), 2)) for each in drawn)
        done += len(drawn)


def _disjoint(chance: random.Random, most: int, cases: Sequence[Case]) -> list[Case]:
    """Up to `most` cases of different kinds that leave each other alone; a kind is drawn, then whom it befalls."""
    chosen: list[Case] = []
    touched: set[str] = set()
    kinds = list(dict.fromkeys(case.kind for case in cases))
    chance.shuffle(kinds)
    for kind in kinds:
        free = [case for case in cases if case.kind == kind and touched.isdisjoint(case.touches)]
        if free and len(chosen) < most:
            chosen.append(chance.choice(free))
            touched |= chosen[-1].touches
    return chosen


def _drawn(chance: random.Random, number: int, case: Case) -> Drawn:
    return Drawn(number, case.kind, case.target, 0.0, round(chance.uniform(*case.seconds), 2))


def _later(drawn: Drawn, after: float) -> Drawn:
    return Drawn(drawn.number, drawn.kind, drawn.target, after, drawn.lasts)


def chapters(rounds: Sequence[Round], most: int) -> list[list[Round]]:
    """The schedule in pieces of at least `most` faults but for the last: each is run on a stack of its own."""
    found: list[list[Round]] = [[]]
    for each in rounds:
        if sum(map(len, found[-1])) >= most:
            found.append([])
        found[-1].append(each)
    return found


def only(rounds: Sequence[Round], numbers: Collection[int]) -> list[Round]:
    """The schedule without all other faults; who shares a round still does."""
    kept = (tuple(each for each in of if each.number in numbers) for of in rounds)
    return [each for each in kept if each]


def faults_of(rounds: Sequence[Round]) -> list[Drawn]:
    """All faults, in the order of their numbers."""
    return [each for of in rounds for each in of]
