"""aiokafka's connection on uvloop, between the broker's goodbye and the driver's notice of it; a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from services.chassis import kafka_connections


@asynccontextmanager
async def just_closed() -> AsyncIterator[AIOKafkaConnection]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        connection = AIOKafkaConnection(host, port)
        connection._versions = {MetadataRequest.API_KEY: (0, 0)}  # noqa: SLF001 - what connect() would ask a broker
        _, writer = await asyncio.open_connection(host, port)
        connection._writer = writer  # noqa: SLF001 - likewise
        writer.transport.abort()
        await writer.wait_closed()
        yield connection


def run(main: Callable[[], Coroutine[object, object, None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def test_the_driver_alone_raises_what_it_does_not_expect() -> None:
    """Where this fails, uvloop or aiokafka has mended it, and the module may go."""

    async def main() -> None:
        async with just_closed() as connection:
            with pytest.raises(RuntimeError):
                kafka_connections._drivers_send(connection, MetadataRequest([]))  # noqa: SLF001 - there is no other way

    run(main)


def test_a_write_to_a_connection_that_was_just_closed_is_a_broken_connection() -> None:
    async def main() -> None:
        kafka_connections.install()
        async with just_closed() as connection:
            with pytest.raises(KafkaConnectionError, match="was closed"):
                connection.send(MetadataRequest([]))
            assert not connection.connected()

    run(main)
