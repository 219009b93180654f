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
_MARKS = (
    b"signature",
    b"credential",
    b"x-amz-",
    b"bearer",
    b"basic",
    b"eyj",
    b"://",
    b"password=",
    b"secret",
    b"token=",
)
"""In lower case, what a text must hold, one of them, for any pattern to match: all but few lines hold none."""


def redact_line(line: bytes) -> bytes:
    """`redact_text` for UTF-8; a line that cannot hold a secret costs a hundredth of it."""
    if line.isascii():  # letters that are no ASCII may fold to ones that are: there only the patterns know
        lower = line.lower()
        if not any(mark in lower for mark in _MARKS):
            return line
    return redact_text(line.decode()).encode()


def redact_text(text: str) -> str:
    """`text` with everything that looks like a secret hidden."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_keys(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: hides the value of every key that is named like a secret, however deep."""
    return {key: _redact(key, value) for key, value in event.items()}


@lru_cache(maxsize=4096)
def _is_hidden(key: str) -> bool:
    """By its name. The names are few; where hostile data brings more, the oldest are forgotten."""
    return key not in _HARMLESS_KEYS and _KEY.search(key) is not None


def _redact(key: object, value: object) -> object:
    if isinstance(key, str) and _is_hidden(key):
        return HIDDEN
    if isinstance(value, dict):
        return {inner: _redact(inner, found) for inner, found in value.items()}
    if isinstance(value, list | tuple):
        return [_redact(None, found) for found in value]
    return value
