"""The provider, as it is called: its configuration, kept for a while, and its endpoints for tokens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import aiohttp
import structlog

from services.upload.oidc.addresses import configuration_url
from services.upload.oidc.answers import (
    MAX_ANSWER_BYTES,
    Configuration,
    Granted,
    ProviderAway,
    ProviderError,
    UsedUp,
    read_configuration,
    read_grant,
)
from services.upload.oidc.asking import RESOURCE, Client, authenticated, parameters_of, redemption, renewal
from services.upload.oidc.settings import OidcSettings

log = structlog.get_logger(__name__)

MOST_CONNECTIONS = 20
RETRY_SECONDS = 1.0
"""How long after a failure nobody else asks for the configuration."""


@asynccontextmanager
async def open_provider(settings: OidcSettings, issuer: str, client: Client) -> AsyncIterator[Provider]:
    """The provider inside the block. It is not called before somebody signs in."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=settings.oidc_timeout_seconds),
        connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "docuvault"},
        auto_decompress=False,  # nothing small becomes large here
    ) as session:
        yield Provider(session, settings, issuer, client)


class Provider:
    """Calls the provider. Every method raises ProviderAway or ProviderError where it gives no answer like ours."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        settings: OidcSettings,
        issuer: str,
        client: Client,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._issuer = issuer
        self._client = client
        self._max_age = settings.oidc_max_age_seconds
        self._resource = {
            name: value for name, value in parameters_of(settings.oidc_parameters).items() if name == RESOURCE
        }
        self._clock = clock
        self._known: Configuration | None = None
        self._failure: ProviderAway | ProviderError | None = None
        self._due_at = float("-inf")
        self._lock = asyncio.Lock()

    async def configuration(self) -> Configuration:
        """What the provider says of itself; while it is away, what it said last."""
        if self._clock() >= self._due_at and not (self._lock.locked() and self._known is not None):
            async with self._lock:
                if self._clock() >= self._due_at:
                    await self._refresh()
        if self._known is None:
            raise self._failure or ProviderAway("it was not asked yet")
        return self._known

    async def redeem_code(self, code: str, code_verifier: str, redirect_uri: str) -> Granted | UsedUp:
        """The tokens for a code. It is sent once: a code that came again would be taken for a stolen one."""
        return await self._redeem(redemption(code, code_verifier, redirect_uri))

    async def redeem_refresh_token(self, refresh_token: str) -> Granted | UsedUp:
        """The tokens for a refresh token, among them, as a rule, the next refresh token."""
        return await self._redeem(renewal(refresh_token))

    async def revoke(self, refresh_token: str) -> None:
        """Has a refresh token forgotten (RFC 7009), where the provider can; its answer does not matter."""
        found = await self.configuration()
        if found.revocation_endpoint is not None:
            await self._send(found.revocation_endpoint, {"token": refresh_token}, found)

    async def _redeem(self, form: Mapping[str, str]) -> Granted | UsedUp:
        found = await self.configuration()
        return read_grant(*await self._send(found.token_endpoint, {**form, **self._resource}, found))

    async def _refresh(self) -> None:
        try:
            answer = await self._call("GET", configuration_url(self._issuer))
            self._known = read_configuration(*answer, self._issuer)
        except (ProviderAway, ProviderError) as failure:
            self._failure, self._due_at = failure, self._clock() + RETRY_SECONDS
            log.warning("oidc.configuration_unavailable", reason=str(failure), kept=self._known is not None)
        else:
            self._failure, self._due_at = None, self._clock() + self._max_age

    async def _send(self, url: str, form: Mapping[str, str], found: Configuration) -> tuple[int, bytes]:
        ask = authenticated(form, self._client, found.client_authentication)
        return await self._call("POST", url, data=ask.form, headers=ask.headers)

    async def _call(
        self, method: str, url: str, *, data: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body. A redirect is not followed: only the provider itself is asked."""
        try:
            async with self._session.request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as response:
                return response.status, await _read(response.content)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ProviderAway(type(error).__name__) from None  # its message may name what was sent
        except ValueError:
            raise ProviderError("it answers what is no HTTP") from None


async def _read(content: aiohttp.StreamReader) -> bytes:
    found = bytearray()
    async for chunk in content.iter_any():
        found += chunk
        if len(found) > MAX_ANSWER_BYTES:
            raise ProviderError("it answers more than there can be to say")
    return bytes(found)
