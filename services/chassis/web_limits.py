"""Limits of what one caller may ask of one process: 429 with Retry-After where it was too much."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable

from aiohttp import web
from prometheus_client import Counter

from services.chassis.metrics import REGISTRY
from services.chassis.rate_limit import Buckets, Rate
from services.chassis.web_auth import caller
from services.chassis.web_body import HttpError
from services.chassis.web_observe import note

LIMITED = Counter(
    "docuvault_http_rate_limited", "requests refused because their caller asked too much", ("limit",), registry=REGISTRY
)


class RateLimit:
    """A limit by the caller that a token names, however many tokens there are of it; `name` is what is limited.

    Of who has no token yet, it is by the address that they come from.
    """

    def __init__(self, name: str, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._buckets = Buckets(rate)
        self._clock = clock

    def take(self, request: web.Request, cost: int = 1) -> None:
        """Counts `cost` of the caller's. Raises HttpError 429, and counts nothing, where so much is not left."""
        self._take(request, caller(request).user_id, cost)

    def take_unasked(self, request: web.Request) -> None:
        """Counts one of the address's, of a request without a token. Raises HttpError 429 likewise."""
        self._take(request, address_of(request), 1)

    def _take(self, request: web.Request, who: Hashable, cost: int) -> None:
        wait = self._buckets.take(who, cost, self._clock())
        if wait > 0:
            LIMITED.labels(self._name).inc()
            note(request, limited=self._name)
            seconds = math.ceil(wait)
            raise HttpError(
                429, f"Too many {self._name} asked for, try again in {seconds} s", {"Retry-After": str(seconds)}
            )


def address_of(request: web.Request) -> str:
    """Where a request comes from, as the gateway says: the last address that it forwards, whatever stands before."""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded or request.remote or ""
