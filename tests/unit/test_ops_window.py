"""From where on a topic is read: by time, and further back as long as there is something that is not known."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import cast

import pytest
from aiokafka import TopicPartition

from deploy.ops import window
from deploy.ops.kafka import Kafka
from deploy.ops.window import read_spans, spans_since
from services.chassis.delivery import Record

AT, OTHER = TopicPartition("quota", 0), TopicPartition("quota", 1)
FIRST, END = 100, 1000


class Topic:
    """Partitions of records 100 to 999; `since` is what the times of the records tell."""

    def __init__(self, since: Mapping[TopicPartition, int]) -> None:
        self._since = since
        self.read: list[tuple[int, int]] = []

    async def bounds(self, names: Sequence[str]) -> Mapping[TopicPartition, tuple[int, int]]:
        assert names == ["quota"]
        return {OTHER: (FIRST, END), AT: (FIRST, END)}

    async def since(self, _partitions: object, _time_ms: int) -> Mapping[TopicPartition, int]:
        return self._since

    async def records(self, at: TopicPartition, first: int, end: int) -> AsyncIterator[Record]:
        self.read.append((first, end))
        for offset in range(first, end):
            yield Record(at.topic, at.partition, offset, None, None, (), 0)

    @property
    def kafka(self) -> Kafka:
        return cast("Kafka", self)


def from_offset(unknown: int) -> window.Known:
    """All records from that offset on tell something that is not known."""

    async def known(records: Sequence[Record]) -> bool:
        return bool(records) and records[-1].offset < unknown

    return known


@pytest.mark.parametrize(
    ("since", "unknown", "begins"),
    [
        (700, 750, 700),
        (700, 650, 650 - 650 % 100),  # the clock of who wrote 650 to 700 was behind
        (None, 950, 900),
        (None, 2000, END),
        (700, FIRST, FIRST),
        (FIRST, FIRST, FIRST),
    ],
)
async def test_a_topic_is_read_from_the_time_on_and_from_further_back_as_far_as_not_all_is_known(
    monkeypatch: pytest.MonkeyPatch, since: int | None, unknown: int, begins: int
) -> None:
    monkeypatch.setattr(window, "BLOCK", 100)
    topic = Topic({} if since is None else {AT: since, OTHER: since})
    assert await spans_since(topic.kafka, "quota", 1, from_offset(unknown)) == {AT: (begins, END), OTHER: (begins, END)}


async def test_what_is_read_comes_in_parts_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "MOST", 4)
    parts = [part async for part in read_spans(Topic({}).kafka, {AT: (5, 11), OTHER: (7, 7)})]
    assert [[each.offset for each in part] for part in parts] == [[5, 6, 7, 8], [9, 10]]
