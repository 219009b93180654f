"""What a token says and who may say it, whichever family of keys signed it."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class InvalidTokenError(Exception):
    """The token proves nothing; the message says why, for the log, and quotes nothing of the token."""


class Claims(Struct, frozen=True):
    """The claims of RFC 7519 that we ask for, and the role; times are Unix seconds, and other claims do not matter."""

    exp: float
    iss: str
    aud: str | list[str]
    sub: str
    nbf: float = 0
    iat: float = 0
    jti: str = ""
    role: str = "user"


class Key(Protocol):
    """What a token was signed with; it has one algorithm of its own, the token never names one."""

    def read(self, token: str) -> Claims:
        """What `token` says. Raises InvalidTokenError unless this key signed it, for us, for now."""
        ...


class KeySource(Protocol):
    """Where the key for a token comes from."""

    def kid_of(self, token: str) -> str | None:
        """The key that `token` claims to be signed with. Raises InvalidTokenError where it cannot be read."""
        ...

    async def key_for(self, kid: str | None) -> Key | None:
        """The key, or None where nobody published it. Raises Transient where that cannot be known now."""
        ...
