"""Keeps users' API keys: encrypted at rest, under keys that an operator can change without losing one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

log = structlog.get_logger(__name__)

_ID_BYTES = 16
_REMEMBERED = 10_000
"""Users whose unreadable key has been told of; then all are told of once more."""


class CannotSeal(Exception):
    """There is no key to encrypt with: the operator has set none."""


class KeySafe:
    """Encrypts with the first of its keys and decrypts with any of them (Fernet keys, as settings_secrets.py has them).

    What it encrypts is bound to its user, so that nobody's row opens with another's.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [Fernet(secret) for secret in secrets]
        self._told: set[UUID] = set()

    @property
    def can_seal(self) -> bool:
        """Whether there is a key to encrypt with."""
        return bool(self._keys)

    def seal(self, user_id: UUID, secret: str) -> bytes:
        """A token that holds the secret. Raises CannotSeal."""
        if not self._keys:
            raise CannotSeal
        return self._keys[0].encrypt(user_id.bytes + secret.encode())

    def open(self, user_id: UUID, token: bytes) -> str | None:
        """The secret; None where the key it was encrypted with is gone, which is told once."""
        found = _opened(self._keys, user_id, token)
        if found is None and user_id not in self._told:
            self._remember(user_id)
            log.warning("classifier.stored_secret_unreadable", user_id=str(user_id))
        return found

    def renew(self, user_id: UUID, token: bytes) -> bytes | None:
        """The token made anew with the first key; None where it is of that key already, or nobody can read it."""
        if _opened(self._keys[:1], user_id, token) is not None:
            return None
        found = _opened(self._keys, user_id, token)
        return None if found is None else self.seal(user_id, found)

    def _remember(self, user_id: UUID) -> None:
        if len(self._told) >= _REMEMBERED:
            self._told.clear()
        self._told.add(user_id)


def _opened(keys: Sequence[Fernet], user_id: UUID, token: bytes) -> str | None:
    if not keys:
        return None
    try:
        raw = MultiFernet(keys).decrypt(token)
    except InvalidToken:
        return None
    return raw[_ID_BYTES:].decode() if raw[:_ID_BYTES] == user_id.bytes else None
