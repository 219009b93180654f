"""The guard against server-side request forgery: whether a URL that a user wrote may be asked by us.

What it leads to is judged, not how it is spelled; and judged again at each connection (guarded.py), since a name may
lead elsewhere by then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from yarl import URL

from services.classifier.lookup import Lookup
from services.classifier.networks import Allowance

MOST_CHARACTERS = 2000
_AUTHORITY = re.compile(r"(?i)https?://([^/?#]+)")
_NAME = re.compile(r"(?=.{1,254}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")
_LITERAL = re.compile(r"[0-9a-f:.]*:[0-9a-f:.]*")
_WEB_PORTS = frozenset({80, 443})
_LEAST_PORT, _MOST_PORT = 1024, 65535

NOT_PUBLIC = "The URL's host has no public address"
NOT_PLAIN = "The URL must begin with https://"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a URL is not one to be asked, in a line for a person."""

    reason: str


class UrlChecker:
    """Judges URLs by the addresses they lead to now."""

    def __init__(self, lookup: Lookup, allowance: Allowance) -> None:
        self._lookup = lookup
        self._allowance = allowance

    async def check(self, url: str) -> str | None:
        """None where `url` may be asked, else why not, in a line for a person. Takes as long as the lookup may.

        A host that is not there and one that is not public are told alike, so that nobody learns our inner names.
        """
        parsed = parse(url)
        if isinstance(parsed, Refusal):
            return parsed.reason
        try:
            found = await self._lookup.addresses(parsed.raw_host or "")
        except OSError:
            return NOT_PUBLIC
        is_plain = parsed.scheme == "http"
        if all(self._allowance.allows(each, is_plain=is_plain) for each in found):
            return None
        return NOT_PLAIN if is_plain else NOT_PUBLIC


def parse(text: str) -> URL | Refusal:
    """The URL, read by what will also send the request, so that no two readers can differ over its host."""
    reason = _misspelled(text)
    if reason is not None:
        return Refusal(reason)
    try:
        url = URL(text)
        reason = _misplaced(url)
    except ValueError:  # also of ports and of IDNA
        return Refusal("The URL is not a valid one")
    return url if reason is None else Refusal(reason)


def _misspelled(text: str) -> str | None:
    if len(text) > MOST_CHARACTERS:
        return f"The URL must not be longer than {MOST_CHARACTERS} characters"
    if "\\" in text or not text.isprintable() or any(map(str.isspace, text)):
        return "The URL must be without spaces, backslashes and control characters"
    authority = _AUTHORITY.match(text)
    if authority is None:
        return NOT_PLAIN
    if "@" in authority[1]:
        return "The URL must be without a user name and password: the key has a field of its own"
    if "?" in text or "#" in text:
        return "The URL must be without a query and a fragment"
    return None


def _misplaced(url: URL) -> str | None:
    """Raises ValueError for a host whose IDNA has no meaning; aiohttp would, too."""
    host = url.raw_host if url.host else ""
    if not host or not (_NAME.fullmatch(host) or _LITERAL.fullmatch(host)):
        return "The URL's host is not a valid name"
    if not (url.port in _WEB_PORTS or _LEAST_PORT <= (url.port or 0) <= _MOST_PORT):
        return f"The URL's port must be 443, or {_LEAST_PORT} to {_MOST_PORT}"
    return None
