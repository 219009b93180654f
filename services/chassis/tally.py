"""A histogram that takes many values at once: a batch costs one sort, where prometheus_client's takes a lock a value.

Sources: prometheus_client's custom collectors; https://prometheus.io/docs/instrumenting/writing_clientlibs/#histogram.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class Tally(Collector):
    """Counts values, none of them NaN, by `buckets`: upper bounds, ascending, without infinity.

    Values may come in a smaller unit, of which there are `per_unit` in one of the buckets' unit.
    """

    def __init__(
        self,
        name: str,
        documentation: str,
        buckets: Sequence[float],
        registry: CollectorRegistry,
        *,
        per_unit: int = 1,
    ) -> None:
        self._name = name
        self._documentation = documentation
        self._buckets = tuple(buckets)
        self._bounds = tuple(bound * per_unit for bound in buckets)
        self._per_unit = per_unit
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0
        registry.register(self)

    def observe(self, values: Iterable[float]) -> None:
        """Counts each of them, one below 0 as 0. In one event loop: no lock is taken."""
        ordered = sorted(values)
        if ordered and ordered[0] < 0:
            ordered = [max(0, value) for value in ordered]
        below = 0
        for place, bound in enumerate(self._bounds):
            upto = bisect_right(ordered, bound, below)
            self._counts[place] += upto - below
            below = upto
        self._counts[-1] += len(ordered) - below
        self._sum += sum(ordered)

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """See Collector."""
        names = [*(str(float(bound)) for bound in self._buckets), "+Inf"]
        buckets = list(zip(names, map(float, accumulate(self._counts)), strict=True))
        whole = self._sum / self._per_unit
        yield HistogramMetricFamily(self._name, self._documentation, buckets=buckets, sum_value=whole)

    def describe(self) -> Iterable[HistogramMetricFamily]:
        """So that a registry knows its names."""
        yield HistogramMetricFamily(self._name, self._documentation)
