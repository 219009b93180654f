"""Every instrument of the services, as it is declared: what dashboards, alerts and documentation may speak of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

from prometheus_client.metrics import MetricWrapperBase

from services.chassis.tally import Tally

MODULES: Mapping[str, tuple[str, ...]] = {
    "each service": (
        "services.chassis.metrics",
        "services.chassis.health",
        "services.chassis.web_observe",
        "services.chassis.web_limits",
        "services.chassis.storage_metrics",
        "services.chassis.postgres_commits",
        "services.chassis.tracing_sdk",
    ),
    "upload": ("services.upload.metrics", "services.upload.live.metrics"),
    "quota": ("services.quota.metrics",),
    "janitor": ("services.janitor.metrics",),
    "classifier": ("services.classifier.metrics",),
}
"""Where instruments are declared, by who shows them."""

_SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_sum", "_count"),
}


@dataclass(frozen=True, slots=True)
class Instrument:
    """A family of series: its name as `# TYPE` has it, its labels, what it means, and which services show it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str
    owner: str

    @property
    def series(self) -> tuple[str, ...]:
        """The names of its series."""
        return tuple(self.name + suffix for suffix in _SUFFIXES[self.kind])

    @property
    def shown(self) -> str:
        """The name by which people know it: a counter's is that of its series."""
        return self.series[0] if self.kind == "counter" else self.name


def instruments() -> Iterator[Instrument]:
    """All of them, in the order of their declaration."""
    for owner, modules in MODULES.items():
        for module in modules:
            found = vars(import_module(module))
            held = vars(found["METRICS"]) if module == "services.chassis.metrics" else found
            for name, value in held.items():
                if isinstance(value, (MetricWrapperBase, Tally)) and not name.startswith("_"):
                    yield _instrument(value, owner)


STORE_SERIES: Mapping[str, frozenset[str]] = {
    name: frozenset({"server", "target_id", "target_name"})
    for name in ("minio_notify_target_queue_length", "minio_notify_target_total_events")
}
"""What the store's own metrics are asked for; a test holds the real store to it."""


def labels_by_series() -> Mapping[str, frozenset[str]]:
    """The labels of each series, with `le` where it is a bucket."""
    return dict(STORE_SERIES) | {
        series: frozenset(each.labels) | ({"le"} if series.endswith("_bucket") else set())
        for each in instruments()
        for series in each.series
    }


def _instrument(value: MetricWrapperBase | Tally, owner: str) -> Instrument:
    (family,) = value.describe()
    labels = getattr(value, "_labelnames", ())  # the library tells nobody
    return Instrument(family.name, family.type, tuple(labels), family.documentation, owner)
