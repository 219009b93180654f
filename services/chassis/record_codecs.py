"""Unpacks what a producer compressed, up to a bound: a few kilobytes may stand for gigabytes.

Source: Kafka's record batch attributes (0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd); xerial's framing of snappy.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress

import cramjam

MAX_BYTES = 32 * 1024 * 1024
"""Of one batch, unpacked. A topic of ours takes 2 MiB packed; what grows beyond this is no batch of our events."""

_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEADER_BYTES = 16
_ROOM_BYTES, _GROWTH = 64 * 1024, 8
_GZIP = 16 + zlib.MAX_WBITS


class Unpackable(ValueError):
    """It does not unpack, or to too much; the text says which."""


def unpack(codec: int, packed: bytes, limit: int = MAX_BYTES) -> bytes:
    """What was packed, at most `limit` bytes of it. Raises Unpackable."""
    name, unpacked = _CODECS.get(codec, (f"codec {codec}", None))
    if unpacked is None:
        raise Unpackable(f"compressed with the unknown {name}")
    try:
        return unpacked(packed, limit)
    except (zlib.error, cramjam.DecompressionError, MemoryError, OverflowError) as error:
        raise Unpackable(f"{name}: does not unpack to at most {limit} bytes: {error}") from error


def _gunzip(packed: bytes, limit: int) -> bytes:
    """All members one after the other; what follows the last one and is no member is left alone, as the broker does."""
    found, rest = bytearray(), packed
    while rest[:2] == b"\x1f\x8b" or not found:
        member = zlib.decompressobj(_GZIP)
        found += member.decompress(rest, limit - len(found) + 1)
        _check(found, limit, "gzip")
        if not member.eof:
            raise Unpackable("gzip: the stream is cut off")
        rest = member.unused_data
        if not found and not rest:
            break
    return bytes(found)


def _unsnap(packed: bytes, limit: int) -> bytes:
    if not packed.startswith(_XERIAL):
        return _unsnap_block(packed, limit)
    found, at = bytearray(), _XERIAL_HEADER_BYTES
    while at + 4 <= len(packed):
        size = int.from_bytes(packed[at : at + 4], "big")
        block = packed[at + 4 : at + 4 + size]
        found += _unsnap_block(block, limit, len(found))
        at += 4 + size
    return bytes(found)


def _unsnap_block(packed: bytes, limit: int, before: int = 0) -> bytes:
    """The size that a block says of itself is checked before a byte is unpacked."""
    if cramjam.snappy.decompress_raw_len(packed) + before > limit:
        raise Unpackable(f"snappy: it unpacks to more than {limit} bytes")
    return bytes(cramjam.snappy.decompress_raw(packed))


def _streamed(into: Callable[[bytes, bytearray], int]) -> Callable[[bytes, int], bytes]:
    """Unpacks into a room, and into one eight times as large where that is too small, up to the limit's size."""

    def unpacked(packed: bytes, limit: int) -> bytes:
        size = max(_ROOM_BYTES, _GROWTH * len(packed))
        while size < limit:
            with suppress(cramjam.DecompressionError):
                return _into(bytearray(size), packed)
            size *= _GROWTH
        return _into(bytearray(limit), packed)

    def _into(room: bytearray, packed: bytes) -> bytes:
        return bytes(memoryview(room)[: into(packed, room)])

    return unpacked


def _check(found: bytearray, limit: int, name: str) -> None:
    if len(found) > limit:
        raise Unpackable(f"{name}: it unpacks to more than {limit} bytes")


_CODECS: dict[int, tuple[str, Callable[[bytes, int], bytes]]] = {
    1: ("gzip", _gunzip),
    2: ("snappy", _unsnap),
    3: ("lz4", _streamed(cramjam.lz4.decompress_into)),
    4: ("zstd", _streamed(cramjam.zstd.decompress_into)),
}
