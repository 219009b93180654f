"""How a browser is told to save a file: its name in a header (RFC 6266, RFC 8187), and a type that runs nothing."""

from __future__ import annotations

import re
from urllib.parse import quote

UNKNOWN = "application/octet-stream"
MOST_BYTES = 200
"""Of a name, in UTF-8: file systems take 255, and browsers add to a name that is taken."""

_REVERSING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks of the reading direction: an `exe` must not read like a `gpj`."""
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u2028\u2029]")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._()+,=@~-]")
_INERT = re.compile(
    r"image/(?!svg|.*xml)[\w.+-]+|audio/[\w.+-]+|video/[\w.+-]+|text/(plain|csv|markdown)"
    r"|application/(pdf|zip|gzip|json|rtf|msword|epub\+zip|vnd\.(ms|openxmlformats|oasis)[\w.-]*)",
    re.ASCII,
)
"""What no browser runs. Not a list of what is dangerous, which nobody knows to its end."""


def attachment(name: str) -> str:
    """A Content-Disposition that saves the file under `name` and never shows it in the store's own origin.

    Whatever a name holds stays inside it: of the plain form only harmless characters are left, and of the extended one,
    which browsers prefer, all but letters and digits is escaped.
    """
    safe = _shortened(_UNSAFE.sub("_", _REVERSING.sub("", name)).strip() or "_")
    plain = _NOT_PLAIN.sub("_", safe)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='', errors='replace')}"


def inert(media_type: str) -> str:
    """The media type without parameters, where it is one that nothing runs; else that of any bytes."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence if _INERT.fullmatch(essence) else UNKNOWN


def _shortened(name: str) -> str:
    """At most MOST_BYTES of the name, with the suffix by which programs go."""
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix.encode(errors="replace")) > MOST_BYTES // 4:
        stem, dot, suffix = name, "", ""
    room = MOST_BYTES - len((dot + suffix).encode(errors="replace"))
    return stem.encode(errors="replace")[:room].decode(errors="ignore") + dot + suffix
