"""Halts a consumer whose dead letters have become a flood, says so everywhere one would look, and lets it go on."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from services.chassis.deadletter_budget import DeadLetterBudget
from services.chassis.errors import Transient
from services.chassis.metrics import Metrics

log = structlog.get_logger(__name__)


class DeadLetterCap:
    """The budget of one consumer on the real clock."""

    def __init__(self, budget: DeadLetterBudget, group: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._budget = budget
        self._group = group
        self._clock = clock

    def check(self) -> None:
        """For a readiness check. Raises Transient while the consumer is halted."""
        if self._budget.halted and not self._budget.allows(self._clock()):
            raise Transient(self._reason())

    async def admit(self, count: int, metrics: Metrics) -> None:
        """Takes `count` dead letters from the budget. Raises Transient while halted: an uncommitted batch can wait."""
        was = self._budget.halted
        allowed = self._budget.allows(self._clock())
        metrics.halted.labels(self._group).set(not allowed)
        if not allowed:
            if not was:
                log.error("consumer.halted", group=self._group, reason=self._reason())
            raise Transient(self._reason())
        if was:
            log.warning("consumer.resumed", group=self._group)
        self._budget.spend(count, self._clock())

    def _reason(self) -> str:
        budget = self._budget
        return (
            f"halted: over {budget.limit} dead letters in {budget.window_seconds:g} s; "
            f"it tries again in {budget.wait_seconds(self._clock()):.0f} s"
        )
