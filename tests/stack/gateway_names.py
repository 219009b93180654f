"""Names of the gateway's that are this machine, as browsers have it for whatever ends in .localhost."""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult


class Here(AbstractResolver):
    """Whatever a host is called, it is this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """This machine's IPv4 address."""
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """There is nothing to close."""
