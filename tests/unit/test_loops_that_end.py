"""A test's loop ends when the peers of what was closed in it have said goodbye: see tests/conftest.py."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.authority import Authority


@contextmanager
def slow_to_part(folder: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """The port of what speaks TLS and takes its time for a goodbye, as a busy broker does; and what trusts it."""
    authority = Authority(folder)
    shown = authority.issue("kafka")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(shown.certificate, shown.key)

    def serve(listening: socket.socket) -> None:
        with context.wrap_socket(listening.accept()[0], server_side=True) as peer:
            time.sleep(0.3)
            peer.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        yield listening.getsockname()[1], ssl.create_default_context(cafile=authority.certificate)
        thread.join()


def test_what_a_driver_closed_and_did_not_wait_for_is_no_leak(tmp_path: Path) -> None:
    async def main(port: int, context: ssl.SSLContext) -> None:
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, "127.0.0.1", port, ssl=context
        )
        transport.close()

    with slow_to_part(tmp_path) as where:
        asyncio.run(main(*where))
    gc.collect()  # here an unclosed socket is told, as an error
