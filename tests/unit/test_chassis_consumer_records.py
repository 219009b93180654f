"""What a fetch of Kafka holds, read whatever a careless client wrote into it; the batches are written byte by byte."""

from __future__ import annotations

import inspect
import struct
from hashlib import sha256
from importlib.metadata import version

import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from services.chassis import record_codecs
from services.chassis.consumer_records import WRITTEN_FOR, KeptRecords, Records, Suspicion
from services.chassis.delivery import Record
from tests.unit.kafka_batches import CODECS, Rec, batch, record, varint

TP = TopicPartition("t", 3)
COMMITTED = 1
BAD_NAME = Rec(b"bad", headers=((b"\xff\\x", b"1"), (b"ok", None)))
CONTROL, TRANSACTIONAL = 0x20, 0x10


def reader(raw: bytes, at: int = 0, suspicion: Suspicion | None = None, aborted: object = ()) -> Records:
    return Records(TP, KeptRecords(raw), aborted, at, None, None, suspicion or Suspicion(), COMMITTED)


def read(raw: bytes, at: int = 0) -> list[Record]:
    return list(reader(raw, at))


def seen(found: list[Record]) -> list[tuple[int, bytes | None]]:
    return [(each.offset, each.value) for each in found]


def test_good_batches_are_read_in_order_with_all_their_parts() -> None:
    recs = [Rec(b"a", headers=((b"h", b"x"), (b"n", None))), Rec(None, None)]
    raw = batch(recs, timestamp=1_790_000_000_000) + batch([Rec(b"c")], base_offset=2)
    found = read(raw)
    assert seen(found) == [(0, b"a"), (1, None), (2, b"c")]
    assert found[0] == Record("t", 3, 0, b"k", b"a", (("h", b"x"), ("n", None)), 1_790_000_000_000)
    assert not [each for each in found if each.fault]


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_is_read_fast_and_with_care(codec: str) -> None:
    assert seen(read(batch([Rec(b"a"), Rec(b"b" * 100_000)], codec=codec))) == [(0, b"a"), (1, b"b" * 100_000)]
    found = read(batch([Rec(b"a"), BAD_NAME, Rec(b"c")], codec=codec))
    assert seen(found) == [(0, b"a"), (1, b"bad"), (2, b"c")]
    assert [each.fault is None for each in found] == [True, False, True]


def test_a_header_name_that_is_not_utf8_is_a_fault_of_its_record_alone_and_keeps_its_bytes() -> None:
    found = read(batch([Rec(b"a"), BAD_NAME, Rec(b"c")]) + batch([Rec(b"d")], base_offset=3))
    assert seen(found) == [(0, b"a"), (1, b"bad"), (2, b"c"), (3, b"d")]
    bad = found[1]
    assert bad.fault is not None
    assert "not UTF-8" in bad.fault.reason
    assert (bad.key, bad.headers) == (b"k", (("\\xff\\x", b"1"), ("ok", None)))
    assert bad.fault.raw_headers == varint(2) + varint(3) + b"\xff\\x" + varint(1) + b"1" + varint(2) + b"ok" + varint(
        -1
    )


def test_reading_from_the_middle_of_a_bad_batch_gives_nothing_twice() -> None:
    raw = batch([Rec(b"a"), BAD_NAME, Rec(b"c")], base_offset=7)
    assert [seen(read(raw, at)) for at in (7, 8, 9)] == [
        [(7, b"a"), (8, b"bad"), (9, b"c")],
        [(8, b"bad"), (9, b"c")],
        [(9, b"c")],
    ]


def test_the_position_is_after_each_record_that_was_given_and_at_last_after_the_batch() -> None:
    found = reader(batch([BAD_NAME, Rec(b"b")]) + batch([Rec(b"c")], base_offset=2))
    positions = [(each.offset, found.next_fetch_offset) for each in found]
    assert positions == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize("codec", ["none", "gzip"])
def test_attributes_that_nobody_defined_shift_no_field(codec: str) -> None:
    """The driver reads them as a varint: key and offset come out wrong, and a good record after it is skipped."""
    found = read(batch([Rec(b"a"), Rec(b"b", b"key", attributes=0x80), Rec(b"c", attributes=0xFF)], codec=codec))
    assert [(each.offset, each.key, each.value) for each in found] == [
        (0, b"k", b"a"),
        (1, b"key", b"b"),
        (2, b"k", b"c"),
    ]
    assert not [each for each in found if each.fault]


@pytest.mark.parametrize("deltas", [(0, 0, 0), (2, 1, 0), (10, 2**30, 5), (-5, 0, 1), (0, 0, 2), (0, 2, 2)])
def test_records_that_lie_about_their_offsets_are_all_read_at_the_offsets_the_broker_gave(
    deltas: tuple[int, ...],
) -> None:
    recs = [Rec(str(number).encode(), offset_delta=delta) for number, delta in enumerate(deltas)]
    found = read(batch(recs, base_offset=40) + batch([Rec(b"next")], base_offset=43))
    assert seen(found) == [(40, b"0"), (41, b"1"), (42, b"2"), (43, b"next")]
    assert not [each for each in found if each.fault]


def test_what_compaction_left_of_a_batch_keeps_its_own_offsets() -> None:
    raw = bytearray(batch([Rec(b"a"), Rec(b"c", offset_delta=2)]))
    found = seen(read(_with_last(raw, 3)))
    assert found == [(0, b"a"), (2, b"c")]


def test_a_length_that_leads_nowhere_makes_one_fault_of_the_rest_and_the_next_batch_is_read() -> None:
    broken = record(Rec(b"a"), 0) + record(Rec(b"b", length=2**40), 1) + record(Rec(b"c"), 2)
    raw = batch([Rec(), Rec(), Rec()], payload=broken) + batch([Rec(b"d")], base_offset=3)
    found = read(raw)
    assert [(each.offset, each.fault is None) for each in found] == [(0, True), (2, False), (3, True)]
    assert found[1].value == record(Rec(b"b", length=2**40), 1) + record(Rec(b"c"), 2)


@pytest.mark.parametrize(
    "bad",
    [
        Rec(header_count=-1),
        Rec(header_count=2**31 - 1),
        Rec(tail=b"left over"),
        Rec(headers=((b"h" * 9, b""),), tail=b"x"),
    ],
)
def test_a_record_of_a_broken_shape_is_alone_in_it_and_keeps_its_bytes(bad: Rec) -> None:
    found = read(batch([Rec(b"a"), bad, Rec(b"c")]))
    assert [(each.offset, each.fault is None) for each in found] == [(0, True), (1, False), (2, True)]
    fault, value = found[1].fault, found[1].value
    assert fault is not None
    assert value is not None
    assert "the value is the raw record" in fault.reason
    assert varint(len(value)) + value == record(bad, 1)


def test_a_header_without_a_name_is_a_fault_that_keeps_all_parts() -> None:
    (found,) = read(batch([Rec(b"a", headers=((None, b"x"),))]))
    assert (found.value, found.headers) == (b"a", (("", b"x"),))
    assert found.fault is not None
    assert "null" in found.fault.reason


@pytest.mark.parametrize("codec", [name for name in CODECS if name != "none"])
def test_a_batch_that_unpacks_to_more_than_fits_is_one_fault(codec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_codecs.unpack, "__defaults__", (100_000,))
    raw = batch([Rec(bytes(200_000)), Rec()], codec=codec)
    bomb, after = read(raw + batch([Rec(b"after")], base_offset=2))
    assert (bomb.offset, bomb.value, after.value) == (1, raw, b"after")
    assert bomb.fault is not None
    assert "100000" in bomb.fault.reason


@pytest.mark.parametrize("codec", range(1, 8))
def test_what_does_not_unpack_is_one_fault(codec: int) -> None:
    for payload in (b"", b"garbage", b"\x1f\x8b", b"\x82SNAPPY\x00garbage and more"):
        raw = batch([Rec()], attributes=codec, payload=payload)
        found = read(raw + batch([Rec(b"after")], base_offset=1))
        assert [each.offset for each in found] == [0, 1]
        assert found[0].fault is not None
        assert found[1].value == b"after"


def test_what_follows_the_last_gzip_member_is_left_alone_and_two_members_are_one_batch() -> None:
    first, second = (CODECS["gzip"][1](record(Rec(value), delta)) for delta, value in enumerate((b"a", b"b")))
    assert seen(read(batch([Rec(), Rec()], attributes=1, payload=first + second + b"garbage"))) == [
        (0, b"a"),
        (1, b"b"),
    ]


def test_a_wrong_checksum_is_fetched_again_and_a_dead_letter_once_it_stays_so() -> None:
    bad = bytearray(batch([Rec(b"b"), Rec(b"c")], base_offset=1))
    bad[-1] ^= 1
    raw = batch([Rec(b"a")]) + bytes(bad) + batch([Rec(b"d")], base_offset=3)
    suspicion = Suspicion()
    for _ in range(2):
        with pytest.raises(CorruptRecordException):
            list(reader(raw, suspicion=suspicion))
    found = list(reader(raw, suspicion=suspicion))
    assert seen(found) == [(0, b"a"), (2, bytes(bad)), (3, b"d")]
    assert found[1].fault is not None
    assert "checksum" in found[1].fault.reason
    assert "offsets 1 to 2" in found[1].fault.reason


def test_a_checksum_that_was_wrong_on_the_way_loses_nothing() -> None:
    good = batch([Rec(b"a"), Rec(b"b")])
    suspicion = Suspicion()
    with pytest.raises(CorruptRecordException):
        list(reader(good[:-1] + b"\x7f", suspicion=suspicion))
    assert seen(list(reader(good, suspicion=suspicion))) == [(0, b"a"), (1, b"b")]


def test_a_transaction_is_read_once_committed_and_never_when_aborted() -> None:
    abort, commit = struct.pack(">hh", 0, 0), struct.pack(">hh", 0, 1)
    raw = (
        _of_producer(batch([Rec(b"undone")], attributes=TRANSACTIONAL), 5)
        + _of_producer(batch([BAD_NAME], base_offset=1, attributes=TRANSACTIONAL), 6)
        + _of_producer(batch([Rec(b"", abort)], base_offset=2, attributes=TRANSACTIONAL | CONTROL), 5)
        + _of_producer(batch([Rec(b"done")], base_offset=3, attributes=TRANSACTIONAL), 5)
        + _of_producer(batch([Rec(b"", commit)], base_offset=4, attributes=TRANSACTIONAL | CONTROL), 5)
    )
    found = reader(raw, aborted=[(5, 0)])
    assert seen(list(found)) == [(1, b"bad"), (3, b"done")]
    assert found.next_fetch_offset == 5


@pytest.mark.parametrize("timestamp", [-1, -5, 253_402_300_799_000, 2**63 - 1])
def test_absurd_times_of_records_are_read_as_they_are(timestamp: int) -> None:
    assert read(batch([BAD_NAME, Rec()], timestamp=timestamp))[1].timestamp_ms == timestamp


def test_other_consumers_of_the_process_read_as_before() -> None:
    found = fetcher.PartitionRecords(TP, KeptRecords(batch([Rec(b"a")])), (), 0, None, None, True, COMMITTED)
    assert [type(each).__name__ for each in found] == ["ConsumerRecord"]


def test_the_driver_is_the_one_whose_inner_parts_are_replaced() -> None:
    """An upgrade fails here: look at what changed in these two, then tell the test."""
    assert version("aiokafka") == WRITTEN_FOR
    parts = (Records.__mro__[1], fetcher.Fetcher._proc_fetch_request, fetcher.FetchResult)  # noqa: SLF001 - the point
    digest = sha256("".join(inspect.getsource(part) for part in parts).encode()).hexdigest()
    assert digest == "b33dff6ae974faf8941515558c4e53fb2eb03f6fb243f2ff15f993c6a9a13eb0"


def _of_producer(raw: bytes, producer: int) -> bytes:
    return _patched(bytearray(raw), 43, ">q", producer)


def _with_last(raw: bytearray, last: int) -> bytes:
    return _patched(raw, 23, ">i", last)


def _patched(raw: bytearray, at: int, form: str, value: int) -> bytes:
    struct.pack_into(form, raw, at, value)
    struct.pack_into(">I", raw, 17, calc_crc32c(bytes(raw[21:])))
    return bytes(raw)
