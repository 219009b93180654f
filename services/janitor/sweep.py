"""The sweep: looks up in the store what was never decided, and says what is there. The rules are in decide.py."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog
from docuvault_contracts.cloudevents import Message

from services.chassis.abreast import abreast
from services.chassis.failpoints import failpoint
from services.chassis.lease import Lease
from services.chassis.producer import Publisher
from services.chassis.storage import ObjectStat
from services.janitor.decide import Due, Finding, Patience, find, next_look
from services.janitor.events import abandoned_message, missing_message, ns_of, observed_message
from services.janitor.looks import Looked, Looks
from services.janitor.metrics import SWEPT

log = structlog.get_logger(__name__)

OUTCOMES = ("cleaned", "healed", "asked")
SLICE = 100
"""Uploads that are looked up, said and recorded together: in one publish and one statement."""
RESTS = 9
"""How many times as long as a slice took it then does nothing: nine tenths of the time belong to decisions."""
LONGEST_REST_SECONDS = 10.0
BREATH_SECONDS = 1.0
"""How long a rest goes on without a look at the lease."""


class Store(Protocol):
    """The one call of the object storage that is needed here."""

    async def stat_object(self, object_key: str) -> ObjectStat | None:
        """What is under exactly this key, or None. Raises Transient."""
        ...


class Sweep:
    """The work of the job `sweep`: a slice after the other, each looked up, said, and then recorded.

    A crash in between says the same again under the same ids. No transaction is open while the store or Kafka are
    waited for. `looks_at_once` bounds what is asked of the store at a time. After a full slice it rests.
    """

    def __init__(  # noqa: PLR0913 - what it works with, and how
        self,
        looks: Looks,
        store: Store,
        publisher: Publisher,
        patience: Patience,
        looks_at_once: int,
        *,
        rests: float = RESTS,
    ) -> None:
        self._looks = looks
        self._store = store
        self._publisher = publisher
        self._patience = patience
        self._looks_at_once = looks_at_once
        self._rests = rests

    async def __call__(self, lease: Lease) -> Mapping[str, object]:
        """How many were cleaned, healed and asked about, by this run and by those before it that did not end well."""
        swept = dict.fromkeys(OUTCOMES, 0) | counts_of(lease.cursor)
        until = await self._looks.now()
        while due := await self._looks.due(until, SLICE):
            began = time.monotonic()
            for outcome, count in Counter(await self._sweep(due, lease)).items():
                swept[outcome] += count
                SWEPT.labels(outcome).inc(count)
            await lease.save(swept)
            if len(due) == SLICE:
                await rest(lease, rest_seconds(time.monotonic() - began, self._rests))
        log.info("janitor.swept", **swept)
        return swept

    async def _sweep(self, due: Sequence[Due], lease: Lease) -> list[str]:
        """The outcome of each that came to one. What is heard of a key meanwhile outlives what is recorded here."""
        stats = await abreast(self._look, due, self._looks_at_once)
        looked = [self._judge(each, stat) for each, stat in zip(due, stats, strict=True)]
        failpoint("janitor.sweep_before_publish")
        await lease.check()
        await self._publisher.publish([said for each in looked if (said := message_of(each, self._patience))])
        failpoint("janitor.sweep_before_mark")
        await self._looks.mark(looked)
        return [outcome for each in looked if (outcome := outcome_of(each))]

    async def _look(self, due: Due) -> ObjectStat | None:
        return await self._store.stat_object(due.object_key)

    def _judge(self, due: Due, stat: ObjectStat | None) -> Looked:
        finding = find(due, present=stat is not None, patience=self._patience)
        return Looked(due, stat, finding, next_look(due, finding, self._patience))


def rest_seconds(worked_seconds: float, rests: float = RESTS) -> float:
    """How long to rest after so much work."""
    return min(worked_seconds * rests, LONGEST_REST_SECONDS)


async def rest(lease: Lease, seconds: float) -> None:
    """Does nothing for so long. Raises LeaseLost, within a breath, where the lease is gone or a stop is asked for."""
    while seconds > 0:
        await asyncio.sleep(min(seconds, BREATH_SECONDS))
        seconds -= BREATH_SECONDS
        await lease.check()


def message_of(looked: Looked, patience: Patience) -> Message | None:
    """What is said of an upload that was looked up; None where it is too early to say anything.

    An absence is dated a grace before the look was due: by more than clocks differ, so it outdates no bytes that came
    after, and the same however often a crash repeats the look.
    """
    match looked.finding:
        case Finding.OBSERVED if looked.stat is not None:
            return observed_message(looked.due, looked.stat)
        case Finding.ABANDONED:
            return abandoned_message(looked.due)
        case Finding.MISSING:
            return missing_message(looked.due, ns_of(looked.due.look_at - patience.grace))
    return None


def outcome_of(looked: Looked) -> str | None:
    """What a look is counted as: one about a decided upload asks, whatever it found."""
    match looked.finding:
        case Finding.TOO_EARLY:
            return None
        case Finding.ABANDONED:
            return "cleaned"
        case Finding.OBSERVED | Finding.MISSING:
            return "asked" if looked.due.version else "healed"


def counts_of(cursor: Mapping[str, object] | None) -> dict[str, int]:
    """The counts that a run before this one has left."""
    return {name: count for name, count in (cursor or {}).items() if name in OUTCOMES and isinstance(count, int)}
