"""Frames over pipes: the lengths of a JSON header and of bytes (4 and 8 bytes, big endian), then both."""

from __future__ import annotations

import json
import struct
from asyncio import IncompleteReadError, StreamReader, StreamWriter
from dataclasses import dataclass
from typing import BinaryIO

LENGTHS = struct.Struct(">IQ")
MOST_HEADER_BYTES = 4096
PIECE = 256 * 1024
"""So many bytes are written at once: what a pipe does not take is copied to be kept, but never a whole document."""

Header = dict[str, object]


class BadFrame(Exception):
    """What came is no frame, or is longer than allowed."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: what is said of the bytes, and the bytes."""

    header: Header
    body: bytes = b""


def prefix_of(frame: Frame) -> bytes:
    """All of a frame but its body."""
    header = json.dumps(frame.header, separators=(",", ":")).encode()
    return LENGTHS.pack(len(header), len(frame.body)) + header


async def send(writer: StreamWriter, frame: Frame) -> None:
    """Writes a frame. Raises ConnectionError where nobody reads any more."""
    writer.write(prefix_of(frame))
    body = memoryview(frame.body)
    for start in range(0, len(body), PIECE):
        writer.write(body[start : start + PIECE])
        await writer.drain()
    await writer.drain()


async def receive(reader: StreamReader, most_body_bytes: int) -> Frame:
    """The next frame. Raises EOFError at the end, BadFrame for what is none or too long: nothing of that is read."""
    try:
        header_length, body_length = LENGTHS.unpack(await reader.readexactly(LENGTHS.size))
        check_lengths(header_length, body_length, most_body_bytes)
        header = header_of(await reader.readexactly(header_length))
        return Frame(header, await reader.readexactly(body_length))
    except IncompleteReadError as error:
        raise EOFError("the pipe ended within a frame") from error


def write(pipe: BinaryIO, frame: Frame) -> None:
    """The same as `send`, blocking."""
    pipe.write(prefix_of(frame))
    pipe.write(frame.body)
    pipe.flush()


def read(pipe: BinaryIO) -> Frame | None:
    """The same as `receive`, blocking and for frames of any length; None where the pipe has ended."""
    lengths = pipe.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    header_length, body_length = LENGTHS.unpack(lengths)
    header, body = pipe.read(header_length), pipe.read(body_length)
    return Frame(header_of(header), body) if len(body) == body_length else None


def check_lengths(header_length: int, body_length: int, most_body_bytes: int) -> None:
    """Raises BadFrame where either is longer than allowed."""
    if header_length > MOST_HEADER_BYTES or body_length > most_body_bytes:
        raise BadFrame(f"a header of {header_length} and a body of {body_length} bytes")


def header_of(header: bytes) -> Header:
    """Raises BadFrame where it is no JSON object."""
    try:
        value = json.loads(header)
    except ValueError as error:
        raise BadFrame("a header that is no JSON") from error
    if not isinstance(value, dict):
        raise BadFrame("a header that is no object")
    return value
