"""From the PUT to its decision, as a discrete-event simulation (SimPy): who waits for whom, and for how long.

What is modelled is what the parts do: clients PUT on so many connections; the store keeps what it has to tell in its
queue, looks into it every three seconds, and tells one object at a time; a ledger takes all that waits, at most a
batch, decides it in one transaction and looks again. Everything that computes needs a core for that long.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import simpy

TICK_SECONDS = 3.0
"""How often MinIO looks into its queue: `retryInterval` of its internal/store/store.go. A look may take longer."""
SAMPLE_SECONDS = 0.5
KEEPS_UP = 0.02
"""Whoever leaves less than this part of the load behind, a second, keeps up with it."""

Steps = Generator[simpy.Event, Any, None]


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds: `core` is work of a core, `wait` passes without one. A batch costs `batch` and a `record` for each."""

    ask_core: float
    put_core: float
    put_wait: float
    told_core: float
    told_wait: float
    batch_core: float
    batch_wait: float
    record_core: float

    @property
    def upload_core(self) -> float:
        """What one upload takes of all cores, in full batches."""
        return self.ask_core + self.put_core + self.told_core + self.record_core


@dataclass(frozen=True, slots=True)
class Plant:
    """How much there is of what. `shared`: all runs on the same `cores`; else each store and each ledger has them."""

    cores: int = 2
    shared: bool = True
    stores: int = 1
    ledgers: int = 1
    connections: int = 16
    most: int = 500


@dataclass
class Outcome:
    """Seconds from PUT to decision of each object, and how many were put and not decided, at equal distances."""

    seconds: float
    waits: list[float] = field(default_factory=list)
    asked: int = 0
    put: int = 0
    behind: list[int] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """Objects a second by which those that wait become more, from the middle third to the last."""
        third = max(1, len(self.behind) // 3)
        middle, last = self.behind[third : 2 * third] or [0], self.behind[-third:] or [0]
        return (sum(last) / len(last) - sum(middle) / len(middle)) / (self.seconds / 3)


def simulate(costs: Costs, plant: Plant, rate: float, seconds: float, seed: int = 1) -> Outcome:
    """So many uploads a second, at random, for so long; what waits at the end is left waiting."""
    return _Run(costs, plant, rate, Outcome(seconds), random.Random(seed)).outcome()  # noqa: S311 - a simulation's chance


def keeps_up(outcome: Outcome, rate: float) -> bool:
    """Whether as much was put as was asked for, and what waits does not pile up."""
    return outcome.asked - outcome.put <= 2 * KEEPS_UP * outcome.asked and outcome.growth <= KEEPS_UP * rate


def knee(costs: Costs, plant: Plant, seconds: float = 18 * TICK_SECONDS, steps: int = 8) -> float:
    """The most uploads a second that the plant keeps up with, by halving; each third of a run has whole ticks."""
    low, high = 0.0, 2.0 * plant.cores * max(plant.stores, plant.ledgers, 1) / costs.upload_core
    for _ in range(steps):
        rate = (low + high) / 2
        low, high = (rate, high) if keeps_up(simulate(costs, plant, rate, seconds), rate) else (low, rate)
    return low


def apart(plant: Plant, stores: int, ledgers: int) -> Plant:
    """The same with machines of their own for so many stores and ledgers."""
    return replace(plant, shared=False, stores=stores, ledgers=ledgers, connections=plant.connections * stores)


class _Run:
    """One simulation."""

    def __init__(self, costs: Costs, plant: Plant, rate: float, outcome: Outcome, chance: random.Random) -> None:
        self._costs, self._plant, self._rate, self._outcome, self._chance = costs, plant, rate, outcome, chance
        self._env = simpy.Environment()
        shared = simpy.Resource(self._env, plant.cores) if plant.shared else None
        self._stores = [shared or simpy.Resource(self._env, plant.cores) for _ in range(plant.stores)]
        self._machines = [shared or simpy.Resource(self._env, plant.cores) for _ in range(plant.ledgers)]
        self._connections = simpy.Resource(self._env, plant.connections)
        self._queues: list[list[float]] = [[] for _ in self._stores]
        self._topics: list[list[float]] = [[] for _ in self._machines]
        self._news = [self._env.event() for _ in self._machines]

    def outcome(self) -> Outcome:
        """Runs it."""
        work = [self._clients(), self._looks()]
        work += [self._tells(number) for number in range(len(self._stores))]
        work += [self._decides(number) for number in range(len(self._machines))]
        for each in work:
            self._env.process(each)
        self._env.run(until=self._outcome.seconds)
        return self._outcome

    def _clients(self) -> Steps:
        while True:
            yield self._env.timeout(self._chance.expovariate(self._rate))
            self._outcome.asked += 1
            self._env.process(self._puts(self._chance.randrange(len(self._stores))))

    def _puts(self, store: int) -> Steps:
        with self._connections.request() as connection:
            yield connection
            yield from self._works(self._stores[store], self._costs.ask_core + self._costs.put_core)
            yield self._env.timeout(self._costs.put_wait)
        self._outcome.put += 1
        self._queues[store].append(self._env.now)

    def _tells(self, store: int) -> Steps:
        """A tick that passes during a look is made up for at once, as by Go's ticker."""
        tick = self._chance.uniform(0, TICK_SECONDS)
        while True:
            yield self._env.timeout(max(0.0, tick - self._env.now))
            tick += TICK_SECONDS * (1 + (self._env.now - tick) // TICK_SECONDS)
            looked, self._queues[store] = self._queues[store], []
            for put_at in looked:
                yield from self._works(self._stores[store], self._costs.told_core)
                yield self._env.timeout(self._costs.told_wait)
                self._is_told(put_at)

    def _is_told(self, put_at: float) -> None:
        ledger = self._chance.randrange(len(self._topics))
        self._topics[ledger].append(put_at)
        if not self._news[ledger].triggered:
            self._news[ledger].succeed()

    def _decides(self, ledger: int) -> Steps:
        while True:
            yield self._news[ledger]
            batch = self._topics[ledger][: self._plant.most]
            del self._topics[ledger][: self._plant.most]
            if not self._topics[ledger]:
                self._news[ledger] = self._env.event()
            yield from self._works(
                self._machines[ledger], self._costs.batch_core + len(batch) * self._costs.record_core
            )
            yield self._env.timeout(self._costs.batch_wait)
            self._outcome.waits += [self._env.now - put_at for put_at in batch]

    def _works(self, machine: simpy.Resource, seconds: float) -> Steps:
        with machine.request() as core:
            yield core
            yield self._env.timeout(seconds)

    def _looks(self) -> Steps:
        while True:
            yield self._env.timeout(SAMPLE_SECONDS)
            self._outcome.behind.append(self._outcome.put - len(self._outcome.waits))
