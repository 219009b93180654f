"""How much of something each caller may have: a bucket that fills at a steady rate. Pure: time is passed in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` tokens flow into a bucket that holds `burst` of them, and is full at first."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was in it at a time (seconds of whichever clock)."""

    tokens: float
    at: float


def take(rate: Rate, bucket: Bucket | None, cost: int, now: float) -> tuple[Bucket, float]:
    """The bucket after an attempt to take `cost` tokens, and how long to wait for them in seconds; 0 if it had them.

    It gives all or none. What is more than it ever holds is had for all it holds.
    """
    cost = min(cost, rate.burst)
    filled = rate.burst if bucket is None else bucket.tokens + max(0.0, now - bucket.at) * rate.per_second
    tokens = min(float(rate.burst), filled)
    if tokens >= cost:
        return Bucket(tokens - cost, now), 0.0
    return Bucket(tokens, now), (cost - tokens) / rate.per_second


class Buckets:
    """The buckets of one process: the `most` callers that came last, others are as if they had never come."""

    def __init__(self, rate: Rate, most: int = 20_000) -> None:
        self._rate = rate
        self._most = most
        self._buckets: OrderedDict[Hashable, Bucket] = OrderedDict()

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._buckets)

    def take(self, who: Hashable, cost: int, now: float) -> float:
        """Takes tokens of a caller's; returns 0, or how long they have to be waited for (seconds), and takes none."""
        bucket, wait = take(self._rate, self._buckets.get(who), cost, now)
        self._buckets[who] = bucket
        self._buckets.move_to_end(who)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait
