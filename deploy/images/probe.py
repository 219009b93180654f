"""How an image's health check asks: `python3 -I -S /probe.py <port> <path>`, or `<port> kafka`. Exit 0: it is well.

A third argument is the file of who signed the server's certificate, where that speaks TLS.

Alone and of the standard library, so that it costs 20 ms of a core: it is asked every few seconds.
"""

from __future__ import annotations

import socket
import struct
import sys

SECONDS = 3
API_VERSIONS = struct.pack(">hhih", 18, 0, 1, -1)
"""A request that Kafka answers once it serves: api key, version, correlation id, no client id."""


def ask(port: int, request: bytes, authority: str = "") -> bytes:
    """The first bytes of the answer, by TLS where an authority is named. Raises OSError."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        connection.settimeout(SECONDS)
        if authority:
            return _by_tls(connection, request, authority)
        connection.sendall(request)
        return connection.recv(64)


def _by_tls(connection: socket.socket, request: bytes, authority: str) -> bytes:
    import ssl  # noqa: PLC0415 - half of what the others take

    with ssl.create_default_context(cafile=authority).wrap_socket(connection, server_hostname="localhost") as wrapped:
        wrapped.sendall(request)
        return wrapped.recv(64)


def is_well(port: int, what: str, authority: str = "") -> bool:
    """Whether an HTTP server answers 200 to a GET of the path `what`, or Kafka says what it speaks. Raises OSError."""
    if what == "kafka":
        return len(ask(port, struct.pack(">i", len(API_VERSIONS)) + API_VERSIONS, authority)) > len(API_VERSIONS)
    said = ask(port, f"GET {what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode(), authority)
    return said.split(b" ")[1:2] == [b"200"]


if __name__ == "__main__":
    try:
        sys.exit(not is_well(int(sys.argv[1]), *sys.argv[2:]))
    except OSError as error:
        sys.exit(f"no answer: {error}")
