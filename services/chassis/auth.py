"""Who is calling: bearer tokens, verified against one shared secret or against the issuer's published keys."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from services.chassis.auth_cache import Verified, VerifiedTokens
from services.chassis.auth_claims import Claims, InvalidTokenError, KeySource
from services.chassis.auth_secret import SharedSecret
from services.chassis.auth_subject import SubjectRule, user_of
from services.chassis.settings import TokenSettings, load

ACCESS_TOKEN_LIFE = timedelta(minutes=30)
MAX_TOKEN_CHARS = 8192
"""Far above what an issuer sends, far below what makes parsing a burden."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a verified token speaks for, and until when (Unix seconds): for what lasts longer than an answer."""

    user_id: UUID
    role: str = "user"
    expires_at: int | None = field(default=None, compare=False)


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
        kid = self._keys.kid_of(token)
        key = await self._keys.key_for(kid)
        if key is None:
            raise InvalidTokenError("signed with an unknown key")
        claims = key.read(token)
        caller = _caller(claims, self._settings.jwt_subject)
        self._known.put(token, Verified(caller, kid, key, int(claims.exp)))
        return caller


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
    now = int(time.time())
    claims = {
        "sub": str(UUID(str(user_id))),
        "role": role,
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "iat": now,
        "exp": now + int(expires_in.total_seconds()),
    }
    return SharedSecret(settings.jwt_secret.get_secret_value(), settings).sign(claims)


def _key_source(settings: TokenSettings) -> KeySource:
    if settings.jwt_secret is not None:
        also = settings.jwt_secret_also
        return SharedSecret(
            settings.jwt_secret.get_secret_value(), settings, None if also is None else also.get_secret_value()
        )
    from services.chassis.jwks import Jwks  # noqa: PLC0415 - the 9 MB of cryptography, for those who need it

    return Jwks(settings)


def _caller(claims: Claims, rule: SubjectRule) -> Caller:
    return Caller(user_of(claims, rule), claims.role, int(claims.exp))
