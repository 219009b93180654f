"""The health check of the images, against servers that answer well, badly and not at all."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROBE = Path(__file__).parents[2] / "deploy" / "images" / "probe.py"


@contextmanager
def answering(words: bytes) -> Iterator[int]:
    """The port of a server that says the same to everybody."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(words)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def probed(port: int, what: str) -> int:
    command = [sys.executable, "-I", "-S", str(PROBE), str(port), what]
    return subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603 - the probe


@pytest.mark.parametrize(
    ("words", "what", "code"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", "/readyz", 0),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "/readyz", 1),
        (b"200", "/readyz", 1),
        (b"", "/readyz", 1),
        (b"\0\0\1\0\0\0\0\1\0\0\0\0\0\x3d" + bytes(20), "kafka", 0),
        (b"", "kafka", 1),
    ],
)
def test_a_server_is_well_when_it_answers_as_it_should(words: bytes, what: str, code: int) -> None:
    with answering(words) as port:
        assert probed(port, what) == code


def test_nobody_listening_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert probed(port, "/readyz") == 1
