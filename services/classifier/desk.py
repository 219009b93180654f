"""What this replica works on, for whom, and whose documents rest for a while since something was in their way."""

from __future__ import annotations

import random
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from uuid import UUID

from services.chassis.backoff import Backoff
from services.classifier.model import Claim

REMEMBERED = 10_000
"""Troubles remembered at once; one that is forgotten begins anew with a short wait."""

K = TypeVar("K", bound=Hashable)
Draw = Callable[[float, float], float]


class Troubles(Generic[K]):
    """How long to wait after each failure of the same thing: a back-off a key, with jitter, in bounded memory."""

    def __init__(self, base: float, cap: float, draw: Draw = random.uniform) -> None:
        self._base = base
        self._cap = cap
        self._draw = draw
        self._known: OrderedDict[K, Backoff] = OrderedDict()

    def again(self, key: K) -> float:
        """How long to wait now, in seconds."""
        backoff = self._known.pop(key, None) or Backoff(self._base, self._cap, self._draw)
        self._known[key] = backoff
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return backoff.next()

    def over(self, key: K) -> None:
        """It worked."""
        self._known.pop(key, None)


class Desk:
    """Who has how much under way here. `most_of_user` bounds what one user may have; `now` is in seconds.

    A user rests where trouble that may pass met one of their documents (their endpoint is away, say): otherwise all of
    theirs would be read, one after the other, to meet the same.
    """

    def __init__(self, most_of_user: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most_of_user = most_of_user
        self._now = now
        self._claims: dict[UUID, Claim] = {}
        self._of_user: Counter[UUID] = Counter()
        self._rest_until: dict[UUID, float] = {}

    def take(self, claim: Claim) -> None:
        """Its work begins."""
        self._claims[claim.document_id] = claim
        self._of_user[claim.user_id] += 1

    def put_down(self, claim: Claim) -> None:
        """Its work has ended, however."""
        if self._claims.get(claim.document_id) is claim:
            del self._claims[claim.document_id]
        self._of_user[claim.user_id] -= 1
        if not self._of_user[claim.user_id]:
            del self._of_user[claim.user_id]

    def rest(self, user_id: UUID, seconds: float) -> None:
        """None of the user's documents is begun for so long."""
        self._rest_until[user_id] = self._now() + seconds

    @property
    def at_work(self) -> list[Claim]:
        """What is under way."""
        return list(self._claims.values())

    def passed_over(self) -> set[UUID]:
        """Users of whom nothing is to be begun now."""
        now = self._now()
        self._rest_until = {user: until for user, until in self._rest_until.items() if until > now}
        return {user for user, count in self._of_user.items() if count >= self._most_of_user} | {*self._rest_until}
