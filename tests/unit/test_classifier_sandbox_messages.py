"""Frames and what they say: an answer of a worker that was taken over gets no further than this."""

from __future__ import annotations

import asyncio
import io

import pytest

from services.classifier.reading import NoText, Source, Text, Unreadable
from services.classifier.sandbox import protocol
from services.classifier.sandbox.messages import (
    Orders,
    frame_of_reading,
    frame_of_source,
    reading_of_frame,
    source_of_frame,
)
from services.classifier.sandbox.protocol import LENGTHS, BadFrame, Frame


def _bytes(frame: Frame) -> bytes:
    return protocol.prefix_of(frame) + frame.body


async def _received(data: bytes, most_body_bytes: int = 100) -> Frame:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await protocol.receive(reader, most_body_bytes)


async def test_a_frame_arrives_as_it_was_sent() -> None:
    frame = Frame({"a": 1, "b": None}, b"\0body")
    assert await _received(_bytes(frame)) == frame
    assert protocol.read(io.BytesIO(_bytes(frame))) == frame


async def test_a_frame_that_is_longer_than_allowed_is_refused_by_its_first_bytes() -> None:
    for lengths in (LENGTHS.pack(2, 101), LENGTHS.pack(1 << 31, 0), LENGTHS.pack(2, 1 << 63)):
        with pytest.raises(BadFrame, match="a header of"):
            await _received(lengths)


@pytest.mark.parametrize("header", [b"{", b"[]", b"null", b"\xff\xfe"])
async def test_a_header_that_is_no_object_is_refused(header: bytes) -> None:
    with pytest.raises(BadFrame, match="a header that is no"):
        await _received(LENGTHS.pack(len(header), 0) + header)


@pytest.mark.parametrize("kept", [0, 5, 14, 20])
async def test_a_frame_that_ends_early_is_the_end(kept: int) -> None:
    data = _bytes(Frame({"a": 1}, b"body"))[:kept]
    with pytest.raises(EOFError):
        await _received(data)
    assert protocol.read(io.BytesIO(data)) is None


def test_documents_readings_and_orders_arrive_as_they_were_sent() -> None:
    source = Source(b"\0head", 5_000_000_000, "text/plain", ".md")
    assert source_of_frame(frame_of_source(source)) == source
    for reading in (Text("Größe", "text/plain", "de", is_cut=True), Text("x", "a/b"), NoText(Unreadable.EMPTY)):
        assert reading_of_frame(frame_of_reading(reading), 100) == reading
    orders = Orders(1000, 2000, tessdata="/models", is_probe=True)
    assert Orders.from_argument(orders.to_argument()) == orders


@pytest.mark.parametrize(
    "frame",
    [
        Frame({}),
        Frame({"why": "because"}),
        Frame({"why": ["empty"]}),
        Frame({"type": "text plain"}, b"x"),
        Frame({"type": "text/plain\n"}, b"x"),
        Frame({"type": ["text/plain"]}, b"x"),
        Frame({"type": "text/plain", "language": "english"}, b"x"),
        Frame({"type": "text/plain"}, b"\xff"),
        Frame({"type": "text/plain"}, b"\xed\xa0\x80"),
        Frame({"type": "text/plain"}, b"a\0b"),
        Frame({"type": "text/plain"}, b"x" * 11),
    ],
    ids=lambda frame: f"{frame.header} {frame.body!r}",
)
def test_an_answer_that_no_sane_worker_gives_is_refused(frame: Frame) -> None:
    with pytest.raises(BadFrame):
        reading_of_frame(frame, 10)


def test_halves_of_pairs_do_not_leave_a_worker() -> None:
    assert frame_of_reading(Text("a\ud800b", "text/plain")).body == b"a?b"
