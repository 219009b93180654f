"""Record batches as bytes, written field by field: what no client library would write, a broker may still take.

Format: Kafka's record batch, version 2 (magic 2). Written from its description, and apart from what reads it.
"""

from __future__ import annotations

import gzip
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cramjam
from aiokafka.codec import lz4_encode, snappy_encode
from aiokafka.record.util import calc_crc32c

CODECS: Mapping[str, tuple[int, Callable[[bytes], bytes]]] = {
    "none": (0, lambda plain: plain),
    "gzip": (1, gzip.compress),
    "snappy": (2, lambda plain: bytes(cramjam.snappy.compress_raw(plain))),
    "lz4": (3, lz4_encode),  # Kafka wants independent blocks
    "xerial": (2, snappy_encode),
    "zstd": (4, lambda plain: bytes(cramjam.zstd.compress(plain))),
}
_HEAD = struct.Struct(">qiibI")
_BODY = struct.Struct(">hiqqqhii")


@dataclass(frozen=True, slots=True)
class Rec:
    """One record. A header name of None has the length -1; `length` overrides the true length of the record."""

    value: bytes | None = b"v"
    key: bytes | None = b"k"
    headers: tuple[tuple[bytes | None, bytes | None], ...] = ()
    attributes: int = 0
    header_count: int | None = None
    length: int | None = None
    offset_delta: int | None = None
    tail: bytes = b""


def varint(number: int) -> bytes:
    """Zigzag, seven bits at a time, the lowest first."""
    rest = (number << 1) ^ (number >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes((*out, rest))


def record(rec: Rec, delta: int) -> bytes:
    """A record with its length before it."""
    body = bytes([rec.attributes]) + varint(0) + varint(delta if rec.offset_delta is None else rec.offset_delta)
    body += _sized(rec.key) + _sized(rec.value)
    body += varint(len(rec.headers) if rec.header_count is None else rec.header_count)
    body += b"".join(_sized(name) + _sized(value) for name, value in rec.headers) + rec.tail
    return varint(len(body) if rec.length is None else rec.length) + body


def _sized(part: bytes | None) -> bytes:
    return varint(-1) if part is None else varint(len(part)) + part


def batch(  # noqa: PLR0913 - the fields of a batch
    recs: Sequence[Rec],
    *,
    codec: str = "none",
    base_offset: int = 0,
    timestamp: int | None = None,
    magic: int = 2,
    attributes: int = 0,
    count: int | None = None,
    payload: bytes | None = None,
) -> bytes:
    """A whole batch with a right CRC, of now: what looks older than the topic's retention is deleted unread."""
    number, compress = CODECS[codec]
    plain = b"".join(record(rec, delta) for delta, rec in enumerate(recs)) if payload is None else payload
    when = int(time.time() * 1000) if timestamp is None else timestamp
    last = len(recs) - 1
    total = len(recs) if count is None else count
    body = _BODY.pack(attributes | number, last, when, when, -1, -1, -1, total) + compress(plain)
    return _HEAD.pack(base_offset, len(body) + 9, -1, magic, calc_crc32c(body)) + body
