"""Spans as OTLP has them in protobuf, written straight: the library makes an object of each part, 30 us a span.

What it writes is held to what the library's encoder means by a test. Field numbers are those of opentelemetry-proto 1.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanContext, StatusCode

_BYTES = 2
"""The wire type of what has a length."""
_HAS_REMOTE, _IS_REMOTE = 0x100, 0x200
"""Flags of a span: whether its parent is of another process is known, and is so."""
_TIMES = struct.Struct("<BQBQ").pack
_FLAGS = struct.Struct("<I").pack
_DOUBLE = struct.Struct("<d").pack
_WELL, _FAILED = b"\x7a\x00", b"\x7a\x02\x18\x02"
Value = str | bool | int | float


def encode(spans: Sequence[ReadableSpan]) -> bytes:
    """An ExportTraceServiceRequest; all of them are of one resource and one scope. At least one."""
    first = spans[0]
    resource = b"".join(_field(1, _pair(name, value)) for name, value in _attributes(first.resource.attributes))
    scope = _field(1, _text(1, first.instrumentation_scope.name if first.instrumentation_scope else ""))
    told = scope + b"".join([_field(2, _span(each)) for each in spans])
    return _field(1, _field(1, resource) + _field(2, told))


def _span(span: ReadableSpan) -> bytes:
    context, parent = span.get_span_context(), span.parent
    if context is None:
        raise TypeError("a span without a context")
    return b"".join(
        (
            *(b"\x0a\x10", context.trace_id.to_bytes(16), b"\x12\x08", context.span_id.to_bytes(8)),
            b"\x22\x08" + parent.span_id.to_bytes(8) if parent else b"",
            *(_text(5, span.name), b"\x30", (span.kind.value + 1).to_bytes()),
            _TIMES(0x39, span.start_time or 0, 0x41, span.end_time or 0),
            *[_field(9, _pair(name, value)) for name, value in _attributes(span.attributes)],
            *[_field(13, _link(each.context)) for each in span.links],
            _FAILED if span.status.status_code is StatusCode.ERROR else _WELL,
            *(b"\x85\x01", _FLAGS(_flags(parent))),
        )
    )


def _attributes(found: Mapping[str, object] | None) -> Sequence[tuple[str, Value]]:
    """Those of a kind that there is here; no lists, which nobody makes."""
    return [(name, value) for name, value in (found or {}).items() if isinstance(value, (str, bool, int, float))]


def _link(context: SpanContext) -> bytes:
    ids = (b"\x0a\x10", context.trace_id.to_bytes(16), b"\x12\x08", context.span_id.to_bytes(8))
    return b"".join((*ids, b"\x35", _FLAGS(_flags(context))))


def _flags(context: SpanContext | None) -> int:
    return _HAS_REMOTE | _IS_REMOTE if context is not None and context.is_remote else _HAS_REMOTE


def _pair(name: str, value: Value) -> bytes:
    """An attribute. Texts are few and come again and again, numbers do not."""
    if isinstance(value, str):
        return _text_pair(name, value)
    return _text(1, name) + _field(2, _number(value))


@lru_cache(maxsize=2048)
def _text_pair(name: str, value: str) -> bytes:
    return _text(1, name) + _field(2, _text(1, value))


def _number(value: float) -> bytes:
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        return b"\x18" + _varint(value & 0xFFFFFFFFFFFFFFFF)
    return b"\x21" + _DOUBLE(value)


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


_ONE = [bytes([number]) for number in range(0x80)]
