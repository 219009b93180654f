"""Keeps secrets out of logs: by the name of a key, and by what a secret looks like inside any text.

Signatures of presigned URLs, Authorization headers, JSON Web Tokens and passwords inside connection strings.
"""

from __future__ import annotations

import re
from functools import lru_cache

from structlog.typing import EventDict, WrappedLogger

HIDDEN = "[redacted]"

_KEY = re.compile(r"(?i)password|passwd|secret|token|authorization|signature|credential|api_?key|private_?key|cookie")
_HARMLESS_KEYS = frozenset({"token_type", "key"})

_PATTERNS = (
    # query parameters of a presigned URL, also when the URL is itself escaped inside another
    (re.compile(r"(?i)(X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D))[^&\s\"'<>\\]+"), rf"\1{HIDDEN}"),
    # the Authorization header of a signed request
    (re.compile(r"(?i)((?:Signature|Credential)=)[A-Za-z0-9/+=_.%-]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(Bearer)\s+[A-Za-z0-9._~+/=-]+|\b(Basic)\s+[A-Za-z0-9+/=]{16,}"), rf"\1\2 {HIDDEN}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), HIDDEN),
    # the password of scheme://user:password@host
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^\s:/@\"']*:)[^\s/\"']+(?=@)"), rf"\1{HIDDEN}"),
    # password=… or secret_key=… inside a text
    (re.compile(r"(?i)\b((?:password|secret|secret_key|access_token|refresh_token)=)[^\s&,;\"'\\]+"), rf"\1{HIDDEN}"),
)


def redact_line(line: bytes) -> bytes:
    """`redact_text` for a line of JSON; one that cannot hold a secret costs a hundredth of it, and most cannot."""
    return redact_text(line.decode()).encode() if _may_hold_a_secret(line) else line


def _may_hold_a_secret(line: bytes) -> bool:
    """What a pattern needs in order to match, one of these; in JSON all white space but the blank is escaped."""
    if b"=" in line or b"%3" in line or b"eyJ" in line or b"://" in line:
        return True
    if not line.isascii():  # a letter that is no ASCII may fold to one that is: there only the patterns know
        return True
    return b" " in line and (b"bearer" in (lower := line.lower()) or b"basic" in lower)


def redact_text(text: str) -> str:
    """`text` with everything that looks like a secret hidden."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_keys(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: hides the value of every key that is named like a secret, however deep."""
    if _PLAIN.issuperset(map(type, event.values())) and not _some_hidden(tuple(event)):
        return event
    return {key: _redact(key, value) for key, value in event.items()}


_PLAIN = frozenset({str, int, float, bool, type(None)})


@lru_cache(maxsize=256)
def _some_hidden(keys: tuple[str, ...]) -> bool:
    """The keys of our lines are written in the code: there are not many different sets of them."""
    return any(map(_is_hidden, keys))


def _is_hidden(key: str) -> bool:
    return key not in _HARMLESS_KEYS and _KEY.search(key) is not None


def _redact(key: object, value: object) -> object:
    if isinstance(key, str) and _is_hidden(key):
        return HIDDEN
    if isinstance(value, dict):
        return {inner: _redact(inner, found) for inner, found in value.items()}
    if isinstance(value, list | tuple):
        return [_redact(None, found) for found in value]
    return value
