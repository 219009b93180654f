"""A peer in the store's place that keeps talking and says nothing: a call ends in its time all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from services.chassis.errors import Transient
from services.chassis.settings import StorageSettings
from services.chassis.storage_minio import open_storage


@pytest.fixture
async def dripping() -> AsyncIterator[int]:
    """The port of a peer that sends a byte of a header now and then, for ever."""

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not writer.transport.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.05)
        ended.set()

    ended = asyncio.Event()
    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait_for(ended.wait(), 5)


async def test_an_answer_that_never_ends_is_transient_in_bounded_time(dripping: int) -> None:
    endpoint = f"127.0.0.1:{dripping}"
    settings = StorageSettings(
        minio_endpoint=endpoint, minio_access_key="a", minio_secret_key="b", minio_timeout_seconds=0.3
    )
    began = time.monotonic()
    async with open_storage(settings) as storage:
        with pytest.raises(Transient, match="TimeoutError"):
            await storage.stat_object("key")
    assert time.monotonic() - began < 3
