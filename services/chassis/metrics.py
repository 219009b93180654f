"""What the chassis measures, and the registry that `/metrics` shows; times are in seconds.

Instruments are arguments with the process's own as default, so that a test can count in a registry of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LONG = (0.01, 0.1, 1, 10, 60, 300, 1800, 7200, 28_800)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Metrics:
    """The chassis' instruments on one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        group = ("group",)
        self.batch_records = Histogram(
            "docuvault_consumer_batch_records", "records in a batch", group, buckets=_SIZES, registry=registry
        )
        self.step_seconds = Histogram(
            "docuvault_consumer_step_seconds",
            "a batch's time in parse, handle, publish or commit, with back-offs",
            ("group", "step"),
            buckets=_FAST,
            registry=registry,
        )
        self.dead_letters = Counter(
            "docuvault_consumer_dead_letters", "records dead-lettered", ("group", "reason"), registry=registry
        )
        self.halted = Gauge(
            "docuvault_consumer_halted", "1 while too many dead letters hold a consumer back", group, registry=registry
        )
        self.lag = Gauge(
            "docuvault_consumer_lag_records",
            "records behind the end of a partition",
            ("group", "topic", "partition"),
            registry=registry,
        )
        self.dropped_batches = Counter(
            "docuvault_consumer_dropped_batches", "batches left to be replayed", ("group", "reason"), registry=registry
        )
        self.retries = Counter(
            "docuvault_transient_retries", "attempts that failed and are repeated", ("work", "step"), registry=registry
        )
        self._of_outbox(registry)
        self._of_jobs(registry)

    def _of_outbox(self, registry: CollectorRegistry) -> None:
        self.outbox_published = Counter(
            "docuvault_outbox_published", "messages relayed from the outbox", registry=registry
        )
        self.outbox_seconds = Histogram(
            "docuvault_outbox_delay_seconds",
            "from the insert of a message to its ack",
            buckets=_FAST,
            registry=registry,
        )
        # of an outbox that there is: shown by who looks at it
        self.outbox_messages = Gauge(
            "docuvault_outbox_messages", "messages that wait to be relayed, counted up to 10,000", registry=None
        )
        self.outbox_age = Gauge(
            "docuvault_outbox_oldest_age_seconds", "how long the oldest of them has waited, at most", registry=None
        )
        self.produced = Counter("docuvault_producer_messages", "messages acked", ("topic",), registry=registry)
        self.producer_replaced = Counter(
            "docuvault_producer_replaced", "Kafka producers given up and replaced", registry=registry
        )

    @contextmanager
    def outbox_shown(self) -> Iterator[None]:
        """Inside the block the gauges of an outbox are shown; a service that has none shows no 0 of it."""
        for gauge in (self.outbox_messages, self.outbox_age):
            self.registry.register(gauge)
        try:
            yield
        finally:
            for gauge in (self.outbox_messages, self.outbox_age):
                self.registry.unregister(gauge)

    def _of_jobs(self, registry: CollectorRegistry) -> None:
        job = ("work",)  # Prometheus itself calls by the name of job what it scrapes
        self.job_seconds = Histogram(
            "docuvault_job_seconds", "a run that ended well", job, buckets=_LONG, registry=registry
        )
        self.job_failures = Counter(
            "docuvault_job_failures", "runs of this process that ended in a bug", job, registry=registry
        )
        self.job_succeeded = Gauge(
            "docuvault_job_success_timestamp_seconds",
            "when a run last ended well, on whichever replica",
            job,
            registry=registry,
        )


def _process_registry() -> CollectorRegistry:
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a series for each other one, which nobody asks for
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


REGISTRY = _process_registry()
METRICS = Metrics(REGISTRY)
