"""The walk of the bucket as an operator makes it, and what it tells."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.support.site import Site
from tests.faults.support.sweeping import Ended, janitor

NO_GRACE = "0.001"
"""Seconds: what was put before this second is old enough."""
STORES_SECOND = 1.1
"""The store tells its time in whole seconds."""


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk told: each difference, and how many there were."""

    code: int
    differences: Sequence[Mapping[str, Any]]
    counts: Mapping[str, Any]

    def kinds(self, key_part: str = "") -> dict[str, str]:
        """By key, how each differs; of keys with `key_part` in them."""
        return {each["key"]: each["kind"] for each in self.differences if key_part in each["key"]}


async def walk(site: Site, *arguments: str, grace: str = NO_GRACE, **changes: str) -> Walked:
    """A walk that takes everything for old that was put before it."""
    await asyncio.sleep(STORES_SECOND)
    return walked(await janitor(site, "reconcile", "--json", *arguments, SWEEP_GRACE_SECONDS=grace, **changes))


def walked(ended: Ended) -> Walked:
    """What a command told."""
    assert ended.code in {0, 1}, ended
    *differences, counts = map(json.loads, ended.out.splitlines())
    return Walked(ended.code, differences, counts)
