"""How an image's health check asks: `python3 -I -S /probe.py <port> <path>`, or `<port> kafka`. Exit 0: it is well.

Alone and of the standard library, so that it costs 20 ms of a core: it is asked every few seconds.
"""

from __future__ import annotations

import socket
import struct
import sys

SECONDS = 3
API_VERSIONS = struct.pack(">hhih", 18, 0, 1, -1)
"""A request that Kafka answers once it serves: api key, version, correlation id, no client id."""


def ask(port: int, request: bytes) -> bytes:
    """The first bytes of the answer. Raises OSError."""
    with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
        connection.settimeout(SECONDS)
        connection.sendall(request)
        return connection.recv(64)


def is_well(port: int, what: str) -> bool:
    """Whether an HTTP server answers 200 to a GET of the path `what`, or Kafka says what it speaks. Raises OSError."""
    if what == "kafka":
        return len(ask(port, struct.pack(">i", len(API_VERSIONS)) + API_VERSIONS)) > len(API_VERSIONS)
    said = ask(port, f"GET {what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    return said.split(b" ")[1:2] == [b"200"]


if __name__ == "__main__":
    try:
        sys.exit(not is_well(int(sys.argv[1]), sys.argv[2]))
    except OSError as error:
        sys.exit(f"no answer: {error}")
