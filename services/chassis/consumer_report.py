"""What is said about a batch once it is through, or left: one canonical line, and the metrics."""

from __future__ import annotations

from typing import TypeVar

import structlog

from services.chassis.consumer_work import BatchWork, Late
from services.chassis.deadletters import reason_of
from services.chassis.tracing_context import trace_id_of

T = TypeVar("T")

log = structlog.get_logger(__name__)

FEW = 16
"""Events of a batch whose lines name all its traces."""


def cause_of(work: BatchWork[T]) -> dict[str, object]:
    """What all lines about its work are bound to: where its records are and, where they are few, their traces."""
    first, many = work.batch.records[0], len(work.batch.records) > 1
    single = {"topic": first.topic, "partition": first.partition, "offset": first.offset}
    place: dict[str, object] = {"offsets": work.batch.offsets} if many else single
    if len(work.events) > FEW:
        return place
    traces = sorted({trace for each in work.events if (trace := trace_id_of(each.traceparent))})
    if len(traces) == 1:
        return {**place, "trace_id": traces[0]}
    return {**place, "trace_ids": traces} if traces else place


def report_settled(work: BatchWork[T]) -> None:
    """All of it is applied, said and committed."""
    metrics, group = work.line.metrics, work.line.group
    metrics.batch_records.labels(group).observe(len(work.batch.records))
    for step, seconds in work.seconds.items():
        metrics.step_seconds.labels(group, step).observe(seconds)
    log.info(
        "consumer.batch",
        group=group,
        records=len(work.batch.records),
        bytes=work.batch.size_bytes,
        events=len(work.events),
        published=work.messages,
        dead_letters=len(work.dead),
        retries=work.retries.total(),
        offsets=work.batch.offsets,
        **{f"{step}_ms": round(seconds * 1000, 2) for step, seconds in work.seconds.items()},
    )


def report_dropped(work: BatchWork[T], outcome: Exception) -> None:
    """It is left to be replayed."""
    cause = _cause(work, outcome)
    work.line.metrics.dropped_batches.labels(work.line.group, cause).inc()
    log.warning(
        "consumer.batch_dropped",
        group=work.line.group,
        cause=cause,
        reason=reason_of(outcome),
        records=len(work.batch.records),
        offsets=work.batch.offsets,
    )


def _cause(work: BatchWork[T], outcome: Exception) -> str:
    if work.batch.lost.is_set():
        return "rebalance"
    if work.ahead.is_set():
        return "ahead"
    if isinstance(outcome, Late):
        return "late"
    return "stop" if work.line.stop.is_set() else "commit"
