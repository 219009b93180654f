"""What may go wrong between us and a language model, and what happens next. Pure; time is an argument."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus

COULD_NOT_BE_REACHED = "The language model could not be reached"
NOT_USABLE = "The language model's answer could not be used"


class Kind(StrEnum):
    """What a failure means for what comes next."""

    REFUSED = "refused"
    """The settings are wrong, or the request; the same again is refused again."""
    BAD = "bad"
    """The endpoint works, but the model said nothing of use about this document."""
    BROKEN = "broken"
    """The endpoint does not speak the protocol."""
    AWAY = "away"
    """It may pass."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer; `reason` is for a person and holds nothing that the endpoint or the key said."""

    kind: Kind
    reason: str
    after_seconds: float | None = None
    """Not to be tried again before that."""

    @property
    def is_tried_again(self) -> bool:
        """Whether a second attempt makes sense."""
        return self.kind is not Kind.REFUSED

    @property
    def speaks_against_endpoint(self) -> bool:
        """Whether the circuit breaker counts it."""
        return self.kind in {Kind.BROKEN, Kind.AWAY}


TOO_LONG = Failure(Kind.AWAY, f"{COULD_NOT_BE_REACHED}: it takes too long to answer")

_REFUSED = {
    400: "The language model's endpoint does not accept the request",
    401: "The language model's endpoint refuses the key",
    402: "The language model's endpoint asks for payment",
    403: "The language model's endpoint refuses the key",
    404: "The language model's endpoint has no such model, or is not at this URL",
    405: "The language model's endpoint is not at this URL",
    413: "The document is too long for the language model",
    422: "The language model's endpoint does not accept the request",
}
_AWAY = frozenset({408, 409, 425, 429})
_SERVER_ERRORS = 500


def failure_of_status(status: int, after_seconds: float | None) -> Failure:
    """For each status but 200."""
    if status in _AWAY or status >= _SERVER_ERRORS:
        return Failure(Kind.AWAY, _reason_away(status), after_seconds)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Failure(Kind.REFUSED, "The language model's endpoint redirects elsewhere, which is not followed")
    if status >= HTTPStatus.BAD_REQUEST:
        return Failure(Kind.REFUSED, _REFUSED.get(status, f"The language model's endpoint answers {status}"))
    return Failure(Kind.BROKEN, NOT_USABLE)


def _reason_away(status: int) -> str:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "The language model's endpoint takes no more requests just now"
    return f"{COULD_NOT_BE_REACHED}: its endpoint answers {status}"


def retry_after(header: str | None, now: datetime, cap: float) -> float | None:
    """The seconds from `now` that a Retry-After asks for (RFC 9110, 10.2.3), 0 to `cap`; None where it says nothing."""
    seconds = _seconds(header.strip(), now) if header else None
    return None if seconds is None else min(max(seconds, 0.0), cap)


def _seconds(header: str, now: datetime) -> float | None:
    """Fractions are no part of the RFC, but some send them."""
    try:
        seconds = float(header)
    except ValueError:
        return _seconds_until(header, now)
    return None if math.isnan(seconds) else seconds


def _seconds_until(date: str, now: datetime) -> float | None:
    try:
        found = parsedate_to_datetime(date)
        at = found if found.tzinfo else found.replace(tzinfo=UTC)
        return (at - now).total_seconds()
    except (ValueError, OverflowError):
        return None
