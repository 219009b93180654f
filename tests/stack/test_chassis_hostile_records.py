"""Records that no careful client writes and a real broker takes, between good ones: nothing stalls, nothing is lost."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from docuvault_contracts.topics import dead_letter_topic

from services.chassis.delivery import Record
from tests.faults.support.producing import raw_producer
from tests.stack.chassis_consumers import Place, place, replica
from tests.stack.chassis_servers import read
from tests.unit.kafka_batches import CODECS, Rec, batch

KEYED = Rec(b"key kept", b"a key", attributes=0x80)
BAD_NAME = Rec(b"bad", b"a key", ((b"\xff\xfe", b"value"), (b"good", None)))


@pytest.fixture
async def at(stack: Any) -> AsyncIterator[Place]:
    async with place(stack) as found:
        yield found


async def between(at: Place, *batches: bytes) -> list[Record]:
    """Writes them with a good record before and after each, reads all with one consumer; the dead letters."""
    async with raw_producer(at.stack.info.kafka) as wire:
        for number, raw in enumerate(batches):
            await wire.send(at.source, 0, batch([Rec(f"before-{number}".encode())]))
            await wire.send(at.source, 0, raw)
        end = await wire.send(at.source, 0, batch([Rec(b"last")])) + 1
    async with replica(at):
        await at.until_committed(end)
    async with replica(at):  # what was committed is past nothing: a new member reads nothing again, and nothing less
        await at.write("after")
        await at.until_committed(end + 1)
    return await letters(at)


async def letters(at: Place) -> list[Record]:
    return await read(at.stack, dead_letter_topic(at.group).name)


def good(count: int) -> list[str]:
    return [*(f"before-{number}" for number in range(count)), "last", "after"]


def headers(letter: Record) -> dict[str, bytes]:
    return {name: value or b"" for name, value in letter.headers}


@pytest.mark.parametrize("codec", CODECS)
async def test_a_header_name_that_is_no_text_is_one_dead_letter_and_the_rest_of_its_batch_is_handled(
    at: Place, codec: str
) -> None:
    (letter,) = await between(at, batch([Rec(b"one"), BAD_NAME, Rec(b"two")], codec=codec))
    assert await at.read() == ["before-0", "one", "two", "last", "after"]
    found = headers(letter)
    assert (letter.key, letter.value) == (b"a key", b"bad")
    assert (found["\\xff\\xfe"], found["good"]) == (b"value", b"")
    assert (found["dlq_cause"], found["dlq_offset"]) == (b"unreadable", b"2")
    assert b"not UTF-8" in found["dlq_reason"]
    assert b"\xff\xfe" in found["dlq_raw_headers"]


async def test_a_thousand_batches_with_such_a_name_hold_nobody_up(at: Place) -> None:
    bad = batch([BAD_NAME])
    async with raw_producer(at.stack.info.kafka) as wire:
        for _ in range(20):
            await asyncio.gather(*(wire.send(at.source, 0, bad) for _ in range(50)))
        end = await wire.send(at.source, 0, batch([Rec(b"last")])) + 1
    async with replica(at):
        await at.until_committed(end)
    assert await at.read() == ["last"]
    assert len(await letters(at)) == end - 1


@pytest.mark.parametrize("codec", ["none", "gzip"])
async def test_attributes_of_a_client_of_tomorrow_lose_neither_that_record_nor_the_next(at: Place, codec: str) -> None:
    """The driver took this record's offset for one more than it is: what came after it was skipped by a restart."""
    assert await between(at, batch([KEYED], codec=codec)) == []
    assert await at.read() == ["before-0", "key", "kept", "last", "after"]


@pytest.mark.parametrize("deltas", [(0, 0, 0), (2, 1, 0), (10, 2**30, 5), (-5, 0, 1)])
async def test_records_that_lie_about_their_offsets_are_all_handled_and_so_is_what_follows(
    at: Place, deltas: tuple[int, ...]
) -> None:
    """The driver skipped the ones, and after the others a commit far beyond the end skipped all that came later."""
    assert (
        await between(at, batch([Rec(b"abc"[n : n + 1], offset_delta=delta) for n, delta in enumerate(deltas)])) == []
    )
    assert await at.read() == ["before-0", "a", "b", "c", "last", "after"]


async def test_bytes_after_a_gzip_member_are_no_obstacle(at: Place) -> None:
    packed = batch([Rec(b"packed")], codec="gzip")
    assert await between(at, _longer(packed)) == []
    assert await at.read() == ["before-0", "packed", "last", "after"]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "xerial", "lz4", "zstd"])
async def test_a_batch_that_unpacks_to_what_nobody_can_hold_is_a_dead_letter(at: Place, codec: str) -> None:
    raw = batch([Rec(bytes(40 * 1024 * 1024)), Rec(b"with it")], codec=codec)
    (letter,) = await between(at, raw)
    assert await at.read() == good(1)
    assert headers(letter)["dlq_cause"] == b"unreadable"
    assert b"unpack" in headers(letter)["dlq_reason"]
    assert letter.value is not None
    assert letter.value[21:] == raw[21:]  # what is before it is the broker's: offset, epoch, checksum


async def test_a_record_larger_than_a_dead_letter_may_be_is_cut_and_says_so(at: Place) -> None:
    huge = b"huge".ljust(20 * 1024 * 1024)
    (letter,) = await between(at, batch([Rec(huge, headers=BAD_NAME.headers)], codec="zstd"))
    assert await at.read() == good(1)
    assert headers(letter)["dlq_truncated"] == f"value of {len(huge)} bytes".encode()
    assert letter.value is not None
    assert letter.value.startswith(b"huge   ")
    assert len(letter.value) > 3 * 1024 * 1024


async def test_tombstones_and_times_before_1970_are_records_like_any_other(at: Place) -> None:
    assert await between(at, batch([Rec(None, None)]), batch([Rec(b"old")], timestamp=-5)) == []
    assert await at.read() == ["before-0", "before-1", "old", "last", "after"]


async def test_a_foreign_transaction_is_handled_once_committed_and_never_when_aborted(at: Place) -> None:
    producer = AIOKafkaProducer(**at.stack.info.kafka, transactional_id=at.group)
    await producer.start()
    try:
        await producer.begin_transaction()
        await producer.send_and_wait(at.source, b"undone", partition=0)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(at.source, b"done", partition=0)
            await producer.send_and_wait(at.source, b"garbage", partition=0)
    finally:
        await producer.stop()
    assert len(await between(at)) == 1
    assert await at.read() == ["done", "last", "after"]


@pytest.mark.embedded("the broker's files are on this machine's disk")
async def test_a_batch_that_rotted_on_the_disk_is_a_dead_letter_once_it_is_sure(at: Place) -> None:
    async with raw_producer(at.stack.info.kafka) as wire:
        await wire.send(at.source, 0, batch([Rec(b"before")]))
        await wire.send(at.source, 0, batch([Rec(b"rotten-one"), Rec(b"rotten-two")]))
        await wire.send(at.source, 0, batch([Rec(b"after")]))
    _rot(at.stack.layout.state / "kafka" / "data" / f"{at.source}-0", b"rotten-two")
    async with replica(at):
        await at.until_committed(4)
    assert await at.read() == ["before", "after"]
    (letter,) = await letters(at)
    assert headers(letter)["dlq_offset"] == b"2"
    assert b"checksum" in headers(letter)["dlq_reason"]
    assert letter.value is not None
    assert b"rotten-one" in letter.value


def _rot(folder: Path, victim: bytes) -> None:
    """Changes one bit of what the broker has stored, while it runs."""
    (segment,) = folder.glob("*.log")
    place = segment.read_bytes().index(victim)
    with segment.open("r+b") as file:
        file.seek(place)
        file.write(bytes([victim[0] ^ 1]))
        os.fsync(file.fileno())


def _longer(packed: bytes) -> bytes:
    """The batch with bytes after its compressed part."""
    return batch([Rec()], attributes=1, payload=packed[61:] + b"garbage")
