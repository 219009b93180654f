"""W3C trace context as text, and which traces of clients are sampled. Pure but for the clock and the die it is given.

A traceparent is `00-<trace id>-<span id>-<flags>`; the last bit of its flags says that the trace is sampled. Inside the
system that bit alone decides (parent-based sampling). A client's bit does not: see `Edge`.
"""

from __future__ import annotations

import random
import re
import secrets
import time
from collections.abc import Callable

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
SAMPLED = frozenset("13579bdf")
"""Last digits of the flags of what is sampled."""
_RANGE = 1 << 64


def parsed(traceparent: str) -> tuple[str, str] | None:
    """Trace id and span id in hex; None for what is no traceparent of version 00."""
    found = _TRACEPARENT.fullmatch(traceparent)
    return (found[1], found[2]) if found else None


def is_sampled(traceparent: str | None) -> bool:
    """Whether its trace is sampled."""
    return traceparent is not None and traceparent[-1:] in SAMPLED and _TRACEPARENT.fullmatch(traceparent) is not None


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace id in hex, 32 digits; None where there is none."""
    found = parsed(traceparent or "")
    return found[0] if found else None


def fresh(given: str) -> str:
    """A traceparent with a span id of its own, not sampled: in the trace of `given`, or in a new one."""
    found = parsed(given)
    return f"00-{found[0] if found else secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


class Edge:
    """Decides whether the trace of a client's request is sampled.

    | the client sends | clients are | sampled |
    | --- | --- | --- |
    | no traceparent | any | by the ratio, by a die |
    | a traceparent | trusted | as its flag says |
    | a traceparent | not trusted | by the ratio, by its trace id; never more than `per_second` |

    By the id, so that all requests of one trace, on whatever replica, are sampled or none is. A client may choose an id
    that is always sampled: that is what the limit is for. It holds for those ids alone: nobody starves the others.
    """

    def __init__(
        self,
        ratio: float,
        *,
        trusted: bool,
        per_second: float,
        now: Callable[[], float] = time.monotonic,
        die: Callable[[], float] = random.random,
    ) -> None:
        self._ratio, self._bound = ratio, round(ratio * _RANGE)
        self._trusted = trusted
        self._per_second, self._most = per_second, max(1.0, per_second) if per_second else 0.0
        self._now, self._die = now, die
        self._left, self._at = self._most, now()

    def samples(self, given: str) -> bool:
        """Whether spans are made for a request that came with `given`, "" for none."""
        found = parsed(given)
        if found is None:
            return self._die() < self._ratio
        if self._trusted:
            return is_sampled(given)
        return int(found[0][16:], 16) < self._bound and self._take()

    def _take(self) -> bool:
        now = self._now()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
