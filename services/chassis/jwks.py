"""The issuer's published keys (RFC 7517), cached, fetched again when they age or when a token names an unknown one."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import jwt
import msgspec
import structlog

from services.chassis.auth_claims import Claims, InvalidTokenError
from services.chassis.errors import Transient
from services.chassis.settings import TokenSettings

log = structlog.get_logger(__name__)

MAX_JWKS_BYTES = 256 * 1024
MIN_RSA_BITS = 2048
ALGORITHMS: Mapping[tuple[str, str | None], str] = {
    ("RSA", None): "RS256",
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
}
"""The one algorithm per type of key, by (kty, crv). There is no symmetric one: a public key is no secret."""
REQUIRED_CLAIMS = ("exp", "iss", "aud", "sub")
_UNREADABLE = (jwt.PyJWTError, msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)
"""What PyJWT raises on hostile input: its own errors, and those of the JSON, base64 and numbers inside."""


@dataclass(frozen=True, slots=True, eq=False)
class PublishedKey:
    """A key of the issuer's; tokens are read by PyJWT, with the key's own algorithm."""

    jwk: jwt.PyJWK
    settings: TokenSettings

    def read(self, token: str) -> Claims:
        """What `token` says. Raises InvalidTokenError unless this key signed it, for us, for now."""
        try:
            found = jwt.decode(
                token,
                self.jwk,
                algorithms=[self.jwk.algorithm_name],
                audience=self.settings.jwt_audience,
                issuer=self.settings.jwt_issuer,
                leeway=self.settings.jwt_leeway_seconds,
                options={"require": list(REQUIRED_CLAIMS)},
            )
            return msgspec.convert(found, Claims)
        except _UNREADABLE as error:
            raise InvalidTokenError(_why(error)) from None


def _why(error: BaseException) -> str:
    """The kind of error; the messages of JSON and base64 errors quote what they could not read."""
    return type(error).__name__


class Jwks:
    """The keys behind a JWKS URL. While the URL is away the keys that were fetched last stay good."""

    def __init__(self, settings: TokenSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._keys: dict[str | None, PublishedKey] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._away = False
        self._lock = asyncio.Lock()

    def kid_of(self, token: str) -> str | None:
        """The kid in the header of `token`, which nothing vouches for yet. Raises InvalidTokenError."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except _UNREADABLE as error:
            raise InvalidTokenError(_why(error)) from None
        return kid if isinstance(kid, str) else None

    async def key_for(self, kid: str | None) -> PublishedKey | None:
        """The key; a token without a kid means the only key there is. None where the issuer publishes no such key.

        Raises Transient where the issuer cannot be asked and the answer depends on it.
        """
        await self._refresh_if_due(kid)
        key = self._find(kid)
        if key is None and self._away:
            raise Transient("the issuer's keys cannot be had")
        return key

    def _find(self, kid: str | None) -> PublishedKey | None:
        if kid is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(kid)

    async def _refresh_if_due(self, kid: str | None) -> None:
        """One caller fetches; who knows its key already goes on meanwhile with what is there."""
        if not self._due(kid) or (self._lock.locked() and self._find(kid) is not None):
            return
        async with self._lock:
            if self._due(kid):
                await self._refresh()

    def _due(self, kid: str | None) -> bool:
        now = self._clock()
        if now - self._tried_at < self._settings.jwt_jwks_min_interval_seconds:
            return False
        aged = now - self._fetched_at >= self._settings.jwt_jwks_max_age_seconds
        return aged or self._find(kid) is None

    async def _refresh(self) -> None:
        try:
            found = parse_keys(await self._fetch_keys())
        except (aiohttp.ClientError, OSError, ValueError, RecursionError) as error:
            self._away = True
            log.warning("auth.jwks_unavailable", error=type(error).__name__, keys_kept=len(self._keys))
        else:
            self._keys = {kid: PublishedKey(key, self._settings) for kid, key in found.items()}
            self._away, self._fetched_at = False, self._clock()
            log.info("auth.jwks_fetched", keys=len(found))
        finally:
            self._tried_at = self._clock()  # afterwards, so that whoever waits meanwhile sees the outcome

    async def _fetch_keys(self) -> bytes:
        """The JWK set; where the URL is that of an OpenID configuration, the one that it names."""
        url = str(self._settings.jwt_jwks_url)
        timeout = aiohttp.ClientTimeout(total=self._settings.jwt_jwks_timeout_seconds)
        async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:
            document = await _fetch(session, url)
            named = named_keys(document, url, self._settings.jwt_issuer)
            return document if named is None else await _fetch(session, named)


async def _fetch(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url) as response:
        return await _read_at_most(response.content, MAX_JWKS_BYTES)


async def _read_at_most(content: aiohttp.StreamReader, limit: int) -> bytes:
    found = bytearray()
    async for chunk in content.iter_any():
        found += chunk
        if len(found) > limit:
            raise ValueError("more than a set of keys can be")
    return bytes(found)


def named_keys(document: bytes, url: str, issuer: str) -> str | None:
    """The URL of the keys in an OpenID configuration that was had from `url`; None where it is a JWK set itself.

    Raises ValueError for a configuration of another issuer, or one that leads from TLS to where there is none.
    """
    parsed = json.loads(document)
    if not isinstance(parsed, dict) or "keys" in parsed or "jwks_uri" not in parsed:
        return None
    named = parsed["jwks_uri"]
    if parsed.get("issuer") != issuer or not isinstance(named, str):
        raise ValueError("an OpenID configuration of another issuer")
    if not named.startswith(("https://", f"{url.partition('://')[0]}://")):
        raise ValueError("an OpenID configuration whose keys are elsewhere than behind TLS")
    return named


def parse_keys(document: bytes) -> dict[str | None, jwt.PyJWK]:
    """The keys of a JWK set that we can verify with, by kid. Raises ValueError where there is none."""
    parsed = json.loads(document)
    entries = parsed.get("keys") if isinstance(parsed, dict) else None
    found = entries if isinstance(entries, list) else []
    keys = {entry.get("kid"): key for entry in found if isinstance(entry, dict) and (key := _usable(entry))}
    if not keys:
        raise ValueError("no JWK set with a usable key")
    return keys


def _usable(entry: Mapping[str, Any]) -> jwt.PyJWK | None:
    """The key, or None for one of another use, type or algorithm, for one that is too short and for a broken one."""
    try:
        algorithm = ALGORITHMS.get((entry.get("kty", ""), entry.get("crv")))
        if algorithm is None or entry.get("alg", algorithm) != algorithm or entry.get("use", "sig") != "sig":
            return None
        if not isinstance(entry.get("kid"), str | None):
            return None
        key = jwt.PyJWK({**entry}, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return key if getattr(key.key, "key_size", MIN_RSA_BITS) >= MIN_RSA_BITS or algorithm != "RS256" else None
