"""The health check of the images, against servers that answer well, badly and not at all."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from deploy.local.authority import HOSTS, Authority, Issued

API_VERSIONS = b"\0\0\1\0\0\0\0\1\0\0\0\0\0\x3d" + bytes(20)
PROBE = Path(__file__).parents[2] / "deploy" / "images" / "probe.py"


@contextmanager
def answering(words: bytes, shown: Issued | None = None) -> Iterator[int]:
    """The port of a server that says the same to everybody; it shows a certificate, where it has one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if shown is not None:
        context.load_cert_chain(shown.certificate, shown.key)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with (
                suppress(OSError),
                connection if shown is None else context.wrap_socket(connection, True) as connection,
            ):
                connection.recv(1024)
                connection.sendall(words)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def probed(port: int, *what: str) -> int:
    command = [sys.executable, "-I", "-S", str(PROBE), str(port), *what]
    return subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603 - the probe


@pytest.mark.parametrize(
    ("words", "what", "code"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", "/readyz", 0),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "/readyz", 1),
        (b"200", "/readyz", 1),
        (b"", "/readyz", 1),
        (API_VERSIONS, "kafka", 0),
        (b"", "kafka", 1),
    ],
)
def test_a_server_is_well_when_it_answers_as_it_should(words: bytes, what: str, code: int) -> None:
    with answering(words) as port:
        assert probed(port, what) == code


@pytest.mark.parametrize(("trusted", "code"), [("own", 0), ("other", 1)])
def test_a_server_that_speaks_tls_is_well_when_its_authority_is_the_one_that_is_named(
    tmp_path: Path, trusted: str, code: int
) -> None:
    authorities = {name: Authority(tmp_path / name) for name in ("own", "other")}
    with answering(API_VERSIONS, authorities["own"].issue("kafka", ("kafka", *HOSTS))) as port:
        assert probed(port, "kafka", str(authorities[trusted].certificate)) == code


def test_a_server_that_speaks_plainly_is_not_well_where_it_should_speak_tls(tmp_path: Path) -> None:
    with answering(API_VERSIONS) as port:
        assert probed(port, "kafka", str(Authority(tmp_path / "own").certificate)) == 1


def test_nobody_listening_is_not_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert probed(port, "/readyz") == 1
