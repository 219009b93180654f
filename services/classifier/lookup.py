"""Names to addresses, by the system's resolver, on threads of its own."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Protocol

from services.classifier.networks import Address

LOOKUP_SECONDS = 5.0
THREADS = 8


class Lookup(Protocol):
    """Finds the addresses of hosts."""

    async def addresses(self, host: str) -> tuple[Address, ...]:
        """All addresses of `host`, of both families, one at least. Raises OSError where there are none."""
        ...


class Dns:
    """`getaddrinfo`, which also reads the spellings of numbers that C does: 0x7f.1, 2130706433.

    A name whose server never answers holds a thread for as long as the system waits. The threads are not those of
    the event loop, so such names, which any user may write, hold up no more than other lookups.
    """

    def __init__(self, seconds: float = LOOKUP_SECONDS, threads: int = THREADS) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="lookup")

    async def addresses(self, host: str) -> tuple[Address, ...]:
        """See Lookup; TimeoutError, which is an OSError, after some seconds."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._seconds):
            return await loop.run_in_executor(self._threads, _addresses, host)

    def close(self) -> None:
        """Waits for no thread."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str) -> tuple[Address, ...]:
    """Bytes, as a str would go through Python's own IDNA, which is not the one the URL was read with."""
    try:
        found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    except ValueError:
        raise OSError("no name that can be looked up") from None
    return tuple(dict.fromkeys(ip_address(sockaddr[0]) for *_, sockaddr in found))
