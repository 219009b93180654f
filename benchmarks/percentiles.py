"""How long answers took."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(times: Sequence[float], share: float) -> float:
    """The least time that so large a share (0 to 1) of them is not above; of at least one."""
    return sorted(times)[max(0, math.ceil(share * len(times)) - 1)]


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p99 and the longest, in milliseconds."""
    ms = [each * 1000 for each in seconds]
    return {"p50 ms": percentile(ms, 0.5), "p99 ms": percentile(ms, 0.99), "longest ms": max(ms)}
