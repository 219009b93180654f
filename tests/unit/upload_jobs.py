"""A lease that is held, or is lost at some check."""

from __future__ import annotations

from typing import cast

from services.chassis.jobs import Lease, LeaseLost


class Held:
    """Counts its checks; `lost_at` is the one at which it is gone, from 1."""

    def __init__(self, lost_at: int = 0) -> None:
        self.checks = 0
        self._lost_at = lost_at

    async def check(self) -> None:
        self.checks += 1
        if self.checks == self._lost_at:
            raise LeaseLost("gone")

    @property
    def lease(self) -> Lease:
        """As the work of a job is given it."""
        return cast("Lease", self)
