"""Points in time as an operator writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from deploy.local.errors import StackError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST_SECONDS = 10 * 365 * 86_400
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def point_in_time(text: str, now: datetime) -> datetime:
    """An ISO 8601 time with its zone, or how long before `now`: 90s, 5m, 2h, 1d. Raises StackError."""
    if _DURATION.fullmatch(text.strip()):
        return now - duration(text)
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise StackError(
            f"{text!r} is no time, such as 2026-01-31T14:05:00Z, and no duration, such as 90s or 5m"
        ) from None
    if time.tzinfo is None:
        raise StackError(f"{text!r} names no time zone; 14:05 in Greenwich is 14:05Z")
    if time > now:
        raise StackError(f"{text!r} is yet to come")
    try:
        return time.astimezone(UTC)
    except OverflowError:  # the first hours of the year 1, east of Greenwich
        raise StackError(f"{text!r} is before the year 1 in Greenwich") from None


def duration(text: str) -> timedelta:
    """A length of time such as 90s, 5m, 2h or 1d; at most 10 years. Raises StackError."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise StackError(f"{text!r} is no duration, such as 90s or 5m")
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds > _LONGEST_SECONDS:
        raise StackError(f"{text!r} is longer than ten years")
    return timedelta(seconds=seconds)
