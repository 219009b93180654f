"""aiokafka's connection on uvloop, between the broker's goodbye and the driver's notice of it; a real socket."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from deploy.local.authority import Authority
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


@asynccontextmanager
async def broker_of_another_authority(folder: Path) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """host:port of what speaks TLS and is not trusted, and what a client trusts."""
    theirs, ours = Authority(folder / "theirs"), Authority(folder / "ours")
    shown = theirs.issue("kafka")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(shown.certificate, shown.key)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"127.0.0.1:{port}", ssl.create_default_context(cafile=ours.certificate)


async def test_why_a_broker_is_not_trusted_is_part_of_the_reason(tmp_path: Path) -> None:
    kafka_connections.install()
    async with broker_of_another_authority(tmp_path) as (where, context):
        client = AIOKafkaClient(bootstrap_servers=where, security_protocol="SSL", ssl_context=context)
        with pytest.raises(KafkaConnectionError) as caught:
            await client.bootstrap()
    reason = kafka_connections.reason_of(caught.value)
    assert reason.startswith("KafkaConnectionError: ")
    assert "SSLCertVerificationError" in reason
    with pytest.raises(KafkaConnectionError) as gone:
        await client.bootstrap()
    assert "SSLCertVerificationError" not in kafka_connections.reason_of(gone.value)
    await client.close()
