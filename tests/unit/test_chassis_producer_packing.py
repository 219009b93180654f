"""Messages as batches: the partition that anybody else would choose, in order, and refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Message
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.chassis.producer_client import BATCH_BYTES, Unpublishable, check
from services.chassis.producer_packing import Packed, by_topic, pack
from services.chassis.producer_partition import partitions_of

GOOD = Message("documents", b"key", b"value", (("ce_id", b"1"),))
KEYS = st.lists(st.binary(max_size=64) | st.uuids().map(lambda found: str(found).encode()), max_size=40)


@given(keys=KEYS, count=st.integers(1, 100))
def test_each_key_goes_where_any_other_producer_puts_it(keys: list[bytes], count: int) -> None:
    numbers = list(range(count))
    assert partitions_of(keys, count) == [DefaultPartitioner()(key, numbers, numbers) for key in keys]


@pytest.mark.parametrize("byte", [b"\x00", b"\x7f", b"\x80", b"\xff"])
def test_keys_of_every_length_and_of_the_least_and_greatest_bytes_go_there_too(byte: bytes) -> None:
    keys = [byte * length for length in range(1025)]
    numbers = list(range(12))
    assert partitions_of(keys, 12) == [DefaultPartitioner()(key, numbers, numbers) for key in keys]


def builder(size: int = 256 * 1024) -> BatchBuilder:
    return BatchBuilder(size, 0)


def records(found: Packed) -> list[Any]:
    read = MemoryRecords(bytes(found.builder._build()))  # noqa: SLF001 - what would be sent
    return list(read.next_batch())


def test_every_message_is_in_a_batch_of_its_partition_in_order_and_unchanged() -> None:
    said = [
        Message("t", f"{number % 20}".encode(), f"{number}".encode(), (("n", b"1"), ("n", b"")))
        for number in range(500)
    ]
    packs = pack("t", said, 6, builder)
    assert len(packs) == len({each.partition for each in packs}) == 6
    for each in packs:
        expected = [one for one in said if partitions_of([one.key], 6) == [each.partition]]
        assert [(one.key, one.value, tuple(one.headers)) for one in records(each)] == [
            (one.key, one.value, one.headers) for one in expected
        ]


def test_a_full_batch_is_followed_by_another_of_the_same_partition() -> None:
    said = [Message("t", b"key", f"{number}".encode() * 100, ()) for number in range(100)]
    packs = pack("t", said, 6, lambda: builder(4096))
    assert len(packs) > 3
    assert [one.value for each in packs for one in records(each)] == [one.value for one in said]


def test_a_message_larger_than_a_batch_is_alone_in_one() -> None:
    said = [replace(GOOD, value=b"small"), replace(GOOD, value=b"x" * 10_000), replace(GOOD, value=b"small")]
    packs = pack("t", said, 1, lambda: builder(4096))
    assert [len(records(each)) for each in packs] == [1, 1, 1]


def test_every_topic_takes_a_batch_that_is_full() -> None:
    assert {
        topic.name
        for topic in (*topics.ALL, topics.dead_letter_topic("x"))
        if topic.max_message_bytes < 2 * BATCH_BYTES
    } == set()


def test_messages_are_told_apart_by_topic_in_their_order() -> None:
    said = [replace(GOOD, topic=topic, value=topic.encode() + b"%d" % number) for number in range(3) for topic in "ab"]
    assert {topic: [one.value for one in those] for topic, those in by_topic(said).items()} == {
        "a": [b"a0", b"a1", b"a2"],
        "b": [b"b0", b"b1", b"b2"],
    }


@pytest.mark.parametrize(
    "bad",
    [
        {"key": None},
        {"key": "text"},
        {"value": "text"},
        {"value": 3},
        {"headers": (("n", "text"),)},
        {"headers": (("n", 3),)},
        {"headers": ((b"n", b"v"),)},
        {"headers": (("\ud800", b"v"),)},
        {"headers": (("n", b"v", b"more"),)},
        {"value": b"x" * (2 * 1024 * 1024)},
        {"headers": (("n", b"x" * (2 * 1024 * 1024)),)},
    ],
    ids=lambda bad: repr(bad)[:40],
)
def test_what_could_not_be_written_is_refused(bad: dict[str, Any]) -> None:
    check(GOOD)
    with pytest.raises(Unpublishable):
        check(replace(GOOD, **bad))
