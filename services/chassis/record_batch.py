"""One record batch of Kafka, read with care: each record stands for itself, and a broken one says what is wrong.

The driver's reader gives a batch up at the first thing it dislikes, and with it all good records in it. This one is
slower, never raises, and reads what the broker let pass: names of headers that are no UTF-8, attributes from a client
of tomorrow, numbers that do not count. Source: Kafka's record batch, magic 2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from services.chassis.delivery import Fault, Record
from services.chassis.record_codecs import Unpackable, unpack

_HEADER = struct.Struct(">qiibIhiqqqhii")
LENGTH_AT, LENGTH_END = 8, 12
MAGIC = 2
CODEC_MASK, LOG_APPEND_TIME = 0x07, 0x08
_MAX_SHIFT = 63

Headers = tuple[tuple[str, bytes | None], ...]


class _Broken(ValueError):
    """A length leads out of the record."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a batch says of itself. `last` and `count` are the broker's to check, and it does when it takes a batch."""

    base: int
    magic: int
    attributes: int
    last: int
    first_ms: int
    max_ms: int
    count: int

    @property
    def codec(self) -> int:
        """Which compression; 0 is none."""
        return self.attributes & CODEC_MASK

    @property
    def whole(self) -> bool:
        """No record is missing (compaction takes some), so the n-th record has the n-th offset, whatever it says."""
        return self.count == self.last + 1


def head_of(raw: bytes) -> Head | None:
    """The head of a batch; None for what is too short to be one."""
    if len(raw) < _HEADER.size:
        return None
    base, _, _, magic, _, attributes, last, first_ms, max_ms, _, _, _, count = _HEADER.unpack_from(raw)
    return Head(base, magic, attributes, last, first_ms, max_ms, count)


def split(raw: bytes) -> Iterator[bytes]:
    """The whole batches of a fetch, in order."""
    at = 0
    while at + LENGTH_END <= len(raw):
        end = at + LENGTH_END + int.from_bytes(raw[at + LENGTH_AT : at + LENGTH_END], "big", signed=True)
        if not at < end <= len(raw):
            return
        yield raw[at:end]
        at = end


def unpacked(raw: bytes) -> bytes:
    """The same batch without compression, its checksum no longer right. Raises Unpackable."""
    head = head_of(raw)
    if head is None or not head.codec:
        return raw
    plain = unpack(head.codec, raw[_HEADER.size :])
    found = bytearray(raw[: _HEADER.size])
    struct.pack_into(">h", found, 21, head.attributes & ~CODEC_MASK)
    return bytes(found) + plain


def read_batch(topic: str, partition: int, raw: bytes) -> Iterator[Record]:
    """Every record of a batch whose checksum is right, in order; one with a `fault` stands for what nobody can read."""
    head = head_of(raw)
    if head is None or head.magic != MAGIC:
        yield whole(topic, partition, raw, f"the batch is of format {'none' if head is None else head.magic}")
        return
    try:
        plain = unpacked(raw)
    except Unpackable as error:
        yield whole(topic, partition, raw, str(error))
        return
    yield from _Reader(topic, partition, head, plain).records()


def whole(topic: str, partition: int, raw: bytes, reason: str, end: int | None = None) -> Record:
    """A batch as one record: its value is the batch's bytes, its offset the last one they cover (before `end`)."""
    head = head_of(raw)
    base = int.from_bytes(raw[:8], "big", signed=True)
    after = end if end is not None else base + 1 + (head.last if head is not None and head.whole else 0)
    reason = f"{reason} (the value is the raw record batch of offsets {base} to {after - 1})"
    return Record(topic, partition, after - 1, None, raw, (), -1, Fault(reason))


class _Reader:
    """Reads the records of one batch, `plain` being the batch without compression."""

    def __init__(self, topic: str, partition: int, head: Head, plain: bytes) -> None:
        self._at = (topic, partition)
        self._head = head
        self._plain = plain

    def records(self) -> Iterator[Record]:
        place = _HEADER.size
        for number in range(self._head.count):
            try:
                body = _Parts(self._plain, place, len(self._plain))
                start, end = body.sized()
            except _Broken as error:
                yield self._rest(number, place, error)
                return
            place = end
            yield self._record(number, _Parts(self._plain, start, end))

    def _rest(self, number: int, place: int, error: _Broken) -> Record:
        first, last = self._head.base + number, self._head.base + max(self._head.last, number)
        reason = f"{error} (the value is all that the batch holds of offsets {first} to {last})"
        return Record(*self._at, last, None, self._plain[place:], (), self._head.max_ms, Fault(reason))

    def _record(self, number: int, parts: _Parts) -> Record:
        start, offset = parts.at, self._head.base + number
        try:
            parts.byte()  # attributes: none is defined, so whatever they are, they mean nothing
            late, said = parts.varint(), parts.varint()
            offset = offset if self._head.whole else self._head.base + said
            key, value = parts.bytes_or_none(), parts.bytes_or_none()
            raw_headers = parts.rest()
            headers, fault = parts.headers()
            parts.finish()
        except _Broken as error:
            raw = bytes(parts.data[start : parts.end])
            return Record(*self._at, offset, None, raw, (), -1, Fault(f"{error} (the value is the raw record)"))
        when = self._head.max_ms if self._head.attributes & LOG_APPEND_TIME else self._head.first_ms + late
        return Record(*self._at, offset, key, value, headers, when, Fault(fault, raw_headers) if fault else None)


class _Parts:
    """The bytes of one record from `at` to `end`, field after field. Raises _Broken where one leads out of it."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def byte(self) -> int:
        if self.at >= self.end:
            raise _Broken("a record ends in the middle of a field")
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while (each := self.byte()) & 0x80:
            value |= (each & 0x7F) << shift
            shift += 7
            if shift > _MAX_SHIFT:
                raise _Broken("a number of a record has more than 64 bits")
        value |= each << shift
        return (value >> 1) ^ -(value & 1)

    def sized(self) -> tuple[int, int]:
        """Where the next `length` bytes start and end."""
        length = self.varint()
        if not 0 <= length <= self.end - self.at:
            raise _Broken(f"a length of {length} where {self.end - self.at} bytes are left")
        return self.at, self.at + length

    def bytes_or_none(self) -> bytes | None:
        length = self.varint()
        if length < 0:
            return None
        if length > self.end - self.at:
            raise _Broken(f"a length of {length} where {self.end - self.at} bytes are left")
        self.at += length
        return bytes(self.data[self.at - length : self.at])

    def rest(self) -> bytes:
        return bytes(self.data[self.at : self.end])

    def headers(self) -> tuple[Headers, str]:
        """The headers, and what is wrong with their names, if anything."""
        found, fault = [], ""
        count = self.varint()
        if count < 0:
            raise _Broken(f"a record has {count} headers")
        for _ in range(count):
            raw = self.bytes_or_none()
            name, wrong = _name(raw)
            fault = fault or wrong
            found.append((name, self.bytes_or_none()))
        return tuple(found), fault

    def finish(self) -> None:
        if self.at != self.end:
            raise _Broken(f"{self.end - self.at} bytes are left after the last field of a record")


def _name(raw: bytes | None) -> tuple[str, str]:
    if raw is None:
        return "", "the name of a header is null"
    try:
        return raw.decode(), ""
    except UnicodeDecodeError:
        shown = raw.decode("utf-8", "backslashreplace")
        return shown, f"the name of a header is not UTF-8: {shown[:100]!r} (bytes that are none are written as \\xNN)"
