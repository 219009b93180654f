"""Tokens by one shared secret: JSON Web Tokens (RFC 7519) signed with HMAC and SHA-256 (HS256 of RFC 7518).

PyJWT loads cryptography wherever that is installed, 9 MB of each process, and HS256 needs none of it. So PyJWT stays
with those who publish their keys (`jwks.py`), and a property test holds what is accepted here to what PyJWT accepts.
"""

from __future__ import annotations

import hmac
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping

import msgspec

from services.chassis.auth_claims import Claims, InvalidTokenError
from services.chassis.settings import TokenSettings

ALGORITHM = "HS256"


class _Header(msgspec.Struct):
    alg: str
    kid: str = ""
    crit: object = msgspec.UNSET
    b64: object = True


_HEADER = msgspec.json.Decoder(_Header)
_CLAIMS = msgspec.json.Decoder(Claims)


class SharedSecret:
    """The one key there is, whatever kid a token names: a Key, and its own KeySource.

    It signs with `secret`, and takes what `also` signed, while an operator changes the one for the other.
    """

    def __init__(self, secret: str, settings: TokenSettings, also: str | None = None) -> None:
        self._secrets = (secret.encode(), *([] if also is None else [also.encode()]))
        self._settings = settings

    def kid_of(self, token: str) -> None:  # noqa: ARG002 - there is only one
        """None."""
        return

    async def key_for(self, kid: str | None) -> SharedSecret:  # noqa: ARG002 - there is only one
        """Itself."""
        return self

    def sign(self, claims: Mapping[str, object]) -> str:
        """A token that says `claims`."""
        header = {"alg": ALGORITHM, "typ": "JWT"}
        signed = ".".join(_packed(msgspec.json.encode(part)) for part in (header, claims))
        return f"{signed}.{_signature(self._secrets[0], signed)}"

    def read(self, token: str) -> Claims:
        """What `token` says. Nothing of it is parsed before it is known to be signed. Raises InvalidTokenError."""
        signed, _, signature = token.rpartition(".")
        if not any(_matches(secret, signed, signature) for secret in self._secrets):
            raise InvalidTokenError("not signed with our secret")
        claims = _claims(signed)
        refused = refusal(claims, self._settings, time.time())
        if refused is not None:
            raise InvalidTokenError(refused)
        return claims


def _matches(secret: bytes, signed: str, signature: str) -> bool:
    return hmac.compare_digest(_signature(secret, signed).encode(), signature.encode(errors="replace"))


def _signature(secret: bytes, signed: str) -> str:
    return _packed(hmac.digest(secret, signed.encode(errors="replace"), "sha256"))


def refusal(claims: Claims, settings: TokenSettings, now: float) -> str | None:
    """Why what was signed is still not for us, or not for `now` (Unix seconds); None where it is."""
    leeway = settings.jwt_leeway_seconds
    if int(claims.exp) <= now - leeway:
        return "it has expired"
    if max(int(claims.nbf), int(claims.iat)) > now + leeway:
        return "it is not valid yet"
    if claims.iss != settings.jwt_issuer:
        return "another issuer"
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    return None if settings.jwt_audience in audience else "another audience"


def _claims(signed: str) -> Claims:
    header, _, payload = signed.partition(".")
    try:
        head, claims = _HEADER.decode(_unpacked(header)), _CLAIMS.decode(_unpacked(payload))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvalidTokenError(type(error).__name__) from None  # its message may quote what could not be read
    if head.alg != ALGORITHM or head.crit is not msgspec.UNSET or head.b64 is not True:
        raise InvalidTokenError("not a plain HS256 token")
    return claims


def _packed(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpacked(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
