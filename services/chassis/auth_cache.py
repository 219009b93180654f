"""Tokens that were verified a moment ago: a client sends the same one with each request, and signatures are dear.

Only what cannot change is remembered: that this key signed this token, and who it names. What changes is asked each
time: whether the key is still the issuer's, and whether the token has expired.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

from services.chassis.auth_claims import Key

MOST_TOKENS = 10_000
"""About 4 MB. Only good tokens get here, so nobody fills it but who can have that many."""

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Verified(Generic[C]):
    """What a token proved: `key`, found under `kid`, signed it; it speaks for `caller` until `expires_at` (Unix s)."""

    caller: C
    kid: str | None
    key: Key
    expires_at: int


class VerifiedTokens(Generic[C]):
    """The `most` tokens that were used last. Under their hashes: a dump of the memory holds no token."""

    def __init__(self, most: int = MOST_TOKENS) -> None:
        self._most = most
        self._found: OrderedDict[bytes, Verified[C]] = OrderedDict()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._found)

    def get(self, token: str) -> Verified[C] | None:
        """What `token`, exactly as it is, proved before."""
        name = _name(token)
        found = self._found.get(name)
        if found is not None:
            self._found.move_to_end(name)
        return found

    def put(self, token: str, verified: Verified[C]) -> None:
        """Remembers it, and forgets the one that was not used for the longest time."""
        self._found[_name(token)] = verified
        if len(self._found) > self._most:
            self._found.popitem(last=False)

    def drop(self, token: str) -> None:
        """Forgets what no longer holds."""
        self._found.pop(_name(token), None)


def _name(token: str) -> bytes:
    return sha256(token.encode(errors="surrogatepass")).digest()
