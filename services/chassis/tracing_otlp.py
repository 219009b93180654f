"""Spans as OTLP has them in protobuf, written straight: the library makes an object of each part, 30 us a span.

What it writes is held to what the library's encoder means by a test. Field numbers are those of opentelemetry-proto 1.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache

from services.chassis.tracing_context import parsed
from services.chassis.tracing_span import EndingSpan

SCOPE = "docuvault"
_BYTES = 2
"""The wire type of what has a length."""
_LOCAL, _REMOTE = struct.pack("<I", 0x100), struct.pack("<I", 0x300)
"""Flags of a span: whether its parent is of another process is known, and is so."""
_FIRST, _BELOW = b"\x85\x01" + _LOCAL, b"\x85\x01" + _REMOTE
_TIMES = struct.Struct("<BQBQ").pack
_DOUBLE = struct.Struct("<d").pack
_WELL, _FAILED = b"\x7a\x00", b"\x7a\x02\x18\x02"
_KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
Value = str | bool | int | float


def encode(resource: Mapping[str, str], spans: Sequence[EndingSpan]) -> bytes:
    """An ExportTraceServiceRequest of the resource with these attributes."""
    whose = b"".join([_field(1, _pair(name, value)) for name, value in resource.items()])
    told = _field(1, _text(1, SCOPE)) + b"".join([_field(2, _span(each)) for each in spans])
    return _field(1, _field(1, whose) + _field(2, told))


def _span(span: EndingSpan) -> bytes:
    parent = span.parent_id
    return b"".join(
        (
            *(b"\x0a\x10", bytes.fromhex(span.trace_id), b"\x12\x08", bytes.fromhex(span.span_id)),
            b"\x22\x08" + bytes.fromhex(parent) if parent else b"",
            _named(span.name, span.kind),
            _TIMES(0x39, span.began, 0x41, span.ended),
            *[_attribute(name, value) for name, value in span.attributes.items()],
            *[_link(*found) for each in span.links if (found := parsed(each))],
            _FAILED if span.failed else _WELL,
            _BELOW if parent else _FIRST,
        )
    )


@lru_cache(maxsize=256)
def _named(name: str, kind: str) -> bytes:
    return _text(5, name) + b"\x30" + _KINDS[kind].to_bytes()


def _link(trace_id: str, span_id: str) -> bytes:
    ids = bytes.fromhex(f"0a10{trace_id}1208{span_id}35")
    return _LINK + ids + _REMOTE


def _attribute(name: str, value: Value) -> bytes:
    """Texts are few and come again and again, numbers do not."""
    return _text_attribute(name, value) if isinstance(value, str) else _field(9, _text(1, name) + _number(value))


@lru_cache(maxsize=2048)
def _text_attribute(name: str, value: str) -> bytes:
    return _field(9, _pair(name, value))


def _pair(name: str, value: str) -> bytes:
    return _text(1, name) + _field(2, _text(1, value))


def _number(value: float) -> bytes:
    if isinstance(value, bool):
        return b"\x12\x02\x10\x01" if value else b"\x12\x02\x10\x00"
    if isinstance(value, int):
        return _field(2, b"\x18" + _varint(value & 0xFFFFFFFFFFFFFFFF))
    return b"\x12\x09\x21" + _DOUBLE(value)


@lru_cache(maxsize=2048)
def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode("utf-8", "backslashreplace"))


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    if number < 0x80:  # noqa: PLR2004 - seven bits and a mark
        return _ONE[number]
    found = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - as above
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


_LINK = b"\x6a" + bytes([2 + 16 + 2 + 8 + 1 + 4])
_ONE = [bytes([number]) for number in range(0x80)]
