"""How far behind the groups are, pure: what Kafka says of partitions in, gauges' values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from docuvault_contracts import topics
from docuvault_contracts.s3 import MalformedNotification, parse_notification

from services.chassis.delivery import Record

GROUPS: Mapping[str, tuple[str, ...]] = {
    group: tuple(topic.name for topic in read)
    for group, read in {
        "upload": (topics.QUOTA, topics.CLASSIFICATION, topics.STORAGE_JANITOR),
        "quota": (topics.STORAGE_EVENTS, topics.DOCUMENTS, topics.STORAGE_JANITOR, topics.USERS),
        "janitor": (topics.QUOTA, topics.DOCUMENTS),
        "classifier": (topics.QUOTA, topics.DOCUMENTS),
    }.items()
}
"""Which consumer group reads which topics; no service may ask another for it, so a test holds it to what they do."""

OPTIONAL = frozenset({"classifier"})
"""Groups that a stack may do without: one that has never committed anything does not run there."""

At = tuple[str, int]
"""A topic and a partition of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group stands in a partition: the first offset there is, the next to be written, what it has committed."""

    first: int
    end: int
    committed: int | None

    @property
    def next(self) -> int:
        """The offset of the first record that it has not settled, where there is one."""
        return max(self.first, self.committed or 0)

    @property
    def lag(self) -> int:
        """How many it has not settled."""
        return max(0, self.end - self.next)


def runs(group: str, places: Mapping[At, Place]) -> bool:
    """Whether the group is one of the stack's, as far as its offsets tell."""
    return group not in OPTIONAL or any(place.committed is not None for place in places.values())


def unsettled(places: Mapping[At, Place]) -> Mapping[At, int]:
    """The partitions in which records wait, with the offset of the first."""
    return {at: place.next for at, place in places.items() if place.lag}


def lag_of(places: Mapping[At, Place], topic: str) -> int:
    """The records of a topic that wait."""
    return sum(place.lag for at, place in places.items() if at[0] == topic)


def progress_of(places: Mapping[At, Place], topic: str) -> int:
    """The offsets that the group has come to in a topic, added up: it moves when any of them does."""
    return sum(place.next for at, place in places.items() if at[0] == topic)


def under_replicated(partitions: Iterable[Mapping[str, Any]]) -> int:
    """How many, as Kafka describes them, are not in sync on all brokers that should have them."""
    return sum(len(each["isr"]) < len(each["replicas"]) for each in partitions)


def written_at(record: Record) -> float:
    """When what the record tells was so, in seconds since the epoch.

    The store's notifications may have waited on its disk: they tell the object's own time.
    """
    if record.topic == topics.STORAGE_EVENTS.name and record.fault is None:
        try:
            times = [each.observed_ns for each in parse_notification(record.value) if each.observed_ns > 0]
        except MalformedNotification:
            times = []
        if times:
            return min(record.timestamp_ms / 1e3, min(times) / 1e9)
    return record.timestamp_ms / 1e3
