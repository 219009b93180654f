"""Who is calling: bearer tokens, verified against one shared secret or against the issuer's published keys."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import jwt

from services.chassis.auth_cache import Verified, VerifiedTokens
from services.chassis.jwks import Jwks
from services.chassis.settings import TokenSettings, load

ACCESS_TOKEN_LIFE = timedelta(minutes=30)
MAX_TOKEN_CHARS = 8192
"""Far above what an issuer sends, far below what makes parsing a burden."""
REQUIRED_CLAIMS = ("exp", "iss", "aud", "sub")


class InvalidTokenError(Exception):
    """The token proves nothing; the message says why, for the log, and quotes nothing of the token."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a verified token speaks for."""

    user_id: UUID
    role: str = "user"


class KeySource(Protocol):
    """Where the key for a token comes from; the key names its own algorithm, the token never does."""

    async def key_for(self, kid: str | None) -> jwt.PyJWK | None:
        """The key, or None where nobody published it. Raises Transient where that cannot be known now."""
        ...


class SharedSecret:
    """One HS256 secret, whatever kid a token names."""

    def __init__(self, secret: str) -> None:
        encoded = jwt.utils.base64url_encode(secret.encode()).decode()
        self._key = jwt.PyJWK({"kty": "oct", "k": encoded}, "HS256")

    async def key_for(self, kid: str | None) -> jwt.PyJWK | None:  # noqa: ARG002 - there is only one
        """The secret."""
        return self._key


class TokenVerifier:
    """Verifies access tokens: signature by the one pinned algorithm, issuer, audience, expiry, subject, role.

    The signature of a token that comes again is not computed again, for as long as the key is the same.
    """

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        self._keys: KeySource = _key_source(settings)
        self._known: VerifiedTokens[Caller] = VerifiedTokens()

    async def verify(self, token: str) -> Caller:
        """Who `token` speaks for. Raises InvalidTokenError, or Transient where no keys can be had to judge it."""
        if len(token) > MAX_TOKEN_CHARS:
            raise InvalidTokenError("longer than any token of ours")
        known = self._known.get(token)
        if known is not None and await self._still_holds(known):
            return known.caller
        self._known.drop(token)
        return await self._verify_anew(token)

    async def _still_holds(self, known: Verified[Caller]) -> bool:
        """By the key's identity: each fetch of the issuer's keys makes new ones, and after it every token is new."""
        if known.expires_at <= time.time() - self._settings.jwt_leeway_seconds:
            return False
        return await self._keys.key_for(known.kid) is known.key

    async def _verify_anew(self, token: str) -> Caller:
        kid = _kid(token)
        key = await self._keys.key_for(kid)
        if key is None:
            raise InvalidTokenError("signed with an unknown key")
        claims = self._claims(token, key)
        caller = _caller(claims)
        self._known.put(token, Verified(caller, kid, key, int(claims["exp"])))
        return caller

    def _claims(self, token: str, key: jwt.PyJWK) -> Mapping[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._settings.jwt_audience,
                issuer=self._settings.jwt_issuer,
                leeway=self._settings.jwt_leeway_seconds,
                options={"require": list(REQUIRED_CLAIMS)},
            )
        except _UNREADABLE as error:
            raise InvalidTokenError(_why(error)) from None


def create_access_token(
    user_id: UUID | str,
    role: str = "user",
    settings: TokenSettings | None = None,
    *,
    expires_in: timedelta = ACCESS_TOKEN_LIFE,
) -> str:
    """An HS256 token for tests and tools, by `settings` or, where there are none, by the environment's.

    Raises ValueError for a `user_id` that is no UUID and where the tokens are an issuer's that publishes its keys,
    SettingsError where the environment names neither.
    """
    settings = settings or load(TokenSettings)
    if settings.jwt_secret is None:
        raise ValueError("tokens are issued by whoever publishes JWT_JWKS_URL, not here")
    now = datetime.now(UTC)
    claims = {
        "sub": str(UUID(str(user_id))),
        "role": role,
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "iat": now,
        "exp": now + expires_in,
    }
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm="HS256")


_UNREADABLE = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)
"""What PyJWT raises on hostile input: its own errors, and those of the JSON, base64 and numbers inside."""


def _why(error: BaseException) -> str:
    """The kind of error; the messages of JSON and base64 errors quote what they could not read."""
    return type(error).__name__


def _key_source(settings: TokenSettings) -> KeySource:
    if settings.jwt_secret is not None:
        return SharedSecret(settings.jwt_secret.get_secret_value())
    return Jwks(settings)


def _kid(token: str) -> str | None:
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except _UNREADABLE as error:
        raise InvalidTokenError(_why(error)) from None
    return kid if isinstance(kid, str) else None


def _caller(claims: Mapping[str, Any]) -> Caller:
    role = claims.get("role", "user")
    if not isinstance(role, str):
        raise InvalidTokenError("role is no string")
    try:
        return Caller(UUID(claims["sub"]), role)
    except ValueError:
        raise InvalidTokenError("sub is no UUID") from None
