"""Text of others made harmless: file names, keys and reasons may hold anything that a terminal or a shell obeys."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

from deploy.ops.output import printable

MAX_CHARS = 400
"""Longer text tells an operator no more; the JSON has all of it."""
_HOUR, _MINUTE = 3600, 60


def clean(text: str, most: int = MAX_CHARS) -> str:
    r"""`text` on one line: what is not printable (controls, line ends, marks that reverse reading) as \xNN or \uNNNN.

    A backslash is doubled, so that no text passes for an escaped one. What is over `most` characters is cut.
    """
    cut = text if len(text) <= most else f"{text[:most]}…"
    return printable(cut.replace("\\", "\\\\"))


def shell_word(text: str) -> str:
    """`text` as one word of a POSIX shell; of bash, where it holds what must not be printed."""
    if text.isprintable():
        return shlex.quote(text)
    escaped = "".join(f"\\x{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))
    return f"$'{escaped}'"


def moment(time: datetime) -> str:
    """A time as operators read it: UTC, to the millisecond."""
    return time.astimezone(UTC).isoformat(" ", "milliseconds").replace("+00:00", "Z")


def span(seconds: float) -> str:
    """A length of time, in the one or two units that matter."""
    whole = round(seconds)
    if whole < 2 * _MINUTE:
        return f"{whole} s"
    if whole < 2 * _HOUR:
        return f"{whole // _MINUTE} min"
    hours, rest = divmod(whole, _HOUR)
    return f"{hours} h {rest // _MINUTE} min" if rest // _MINUTE else f"{hours} h"


def number(count: int) -> str:
    """With commas."""
    return f"{count:,}"
