"""HTTP to URLs that users wrote: each address is judged right before a socket is made for it.

The check at the time a URL is saved does not hold: a name may lead to a public address then and to a private one later
(DNS rebinding), and aiohttp does not ask a resolver about hosts that are numbers. The socket is what connects, so it is
where the last word is.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from ssl import SSLContext
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from services.classifier.lookup import Lookup
from services.classifier.networks import Address, Allowance


class NotAllowed(OSError):
    """The address is none that we may connect to. An OSError since that is what aiohttp carries through."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Judges for one scheme; http is `is_plain`."""

    allowance: Allowance
    is_plain: bool

    def check(self, address: Address) -> None:
        """Raises NotAllowed. The message holds no address: it may be one of our own network."""
        if not self.allowance.allows(address, is_plain=self.is_plain):
            raise NotAllowed("the address is not allowed")

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket that is not connected yet, for an entry as of getaddrinfo. Raises NotAllowed."""
        family, kind, protocol, _, sockaddr = info
        self.check(ip_address(sockaddr[0]))
        return socket.socket(family, kind, protocol)


class GuardedResolver(AbstractResolver):
    """All addresses of a name must be allowed: one that is not makes the whole name suspicious."""

    def __init__(self, lookup: Lookup, guard: Guard) -> None:
        self._lookup = lookup
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """For aiohttp. Raises NotAllowed, and OSError where there is no such name."""
        found = await self._lookup.addresses(host)
        for address in found:
            self._guard.check(address)
        return [_result(host, port, each) for each in found if family in {socket.AF_UNSPEC, _family(each)}]

    async def close(self) -> None:
        """Nothing to close: the lookup is its opener's."""


class Sessions:
    """A session for https and one for http, which may go to other places. Nothing is remembered between requests.

    No cookies (users would share them), no proxy and no .netrc of the environment, no decompression (bombs).
    """

    def __init__(self, secure: aiohttp.ClientSession, plain: aiohttp.ClientSession) -> None:
        self._secure = secure
        self._plain = plain

    def of(self, url: URL) -> aiohttp.ClientSession:
        """The session that may be used for `url`; every request must say `allow_redirects=False`."""
        return self._plain if url.scheme == "http" else self._secure


@asynccontextmanager
async def open_sessions(
    lookup: Lookup, allowance: Allowance, times: aiohttp.ClientTimeout, *, tls: SSLContext | bool = True
) -> AsyncIterator[Sessions]:
    """Sessions, closed at the end. `tls` is what certificates are judged by, by default the system's authorities."""

    def session(guard: Guard) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(lookup, guard),
            socket_factory=guard.socket,
            use_dns_cache=False,
            limit=0,  # who asks is bounded already; a shared pool would let one user's slow endpoint starve the others
            ssl=tls,
        )
        return aiohttp.ClientSession(
            connector=connector,
            timeout=times,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )

    async with AsyncExitStack() as stack:
        secure = await stack.enter_async_context(session(Guard(allowance, is_plain=False)))
        plain = await stack.enter_async_context(session(Guard(allowance, is_plain=True)))
        yield Sessions(secure, plain)


def _family(address: Address) -> socket.AddressFamily:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - the version of IP


def _result(host: str, port: int, address: Address) -> ResolveResult:
    return ResolveResult(
        hostname=host, host=str(address), port=port, family=_family(address), proto=0, flags=socket.AI_NUMERICHOST
    )
