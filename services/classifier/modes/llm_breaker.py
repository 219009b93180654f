"""A circuit breaker for each user's endpoint: what fails again and again is left alone for a while.

Pure but for a table; time is an argument.

Source: "Release It!", M. Nygard, chapter "Stability patterns".
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

MOST_BREAKERS = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """Opens after so many failures in a row, for so many seconds."""

    failures: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed, open until a time, or half-open after it. Times are of any one clock, in seconds."""

    failures: int = 0
    open_until: float = float("-inf")

    def admitted(self, now: float, rule: Rule) -> Breaker | None:
        """The breaker after one request was let through; None where it lets none.

        Half-open lets one through and is open again: the next one comes after a success, or where nothing is heard of
        the first one.
        """
        if now < self.open_until:
            return None
        if self.failures < rule.failures:
            return self
        return replace(self, open_until=now + rule.seconds)

    def failed(self, now: float, rule: Rule, after: float | None = None) -> Breaker:
        """After one more failure, whose endpoint may have asked for `after` seconds of quiet."""
        failures = self.failures + 1
        pause = rule.seconds if failures >= rule.failures else 0.0
        return Breaker(failures, now + max(pause, after or 0.0))


class Breakers:
    """The breakers that are not as new, of the keys that were used last."""

    def __init__(self, rule: Rule, most: int = MOST_BREAKERS) -> None:
        self._rule = rule
        self._most = most
        self._table: OrderedDict[int, Breaker] = OrderedDict()

    def wait(self, key: int, now: float) -> float:
        """Seconds until a request is let through; 0 where one just was, and counts as under way."""
        found = self._table.get(key)
        if found is None:
            return 0.0
        after = found.admitted(now, self._rule)
        if after is None:
            return found.open_until - now
        self._keep(key, after)
        return 0.0

    def failed(self, key: int, now: float, after: float | None = None) -> None:
        """Notes a failure; see Breaker."""
        self._keep(key, self._table.get(key, Breaker()).failed(now, self._rule, after))

    def succeeded(self, key: int) -> None:
        """All is well again."""
        self._table.pop(key, None)

    def _keep(self, key: int, breaker: Breaker) -> None:
        self._table[key] = breaker
        self._table.move_to_end(key)
        if len(self._table) > self._most:
            self._table.popitem(last=False)
