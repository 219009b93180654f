"""A document's timeline: what happened to it by its row and by the store, and what it waits for now. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from docuvault_contracts.http_live import DocumentTimeline, TimelineStep, Waiting

from services.chassis.storage import ObjectStat
from services.upload.document import Document, Status
from services.upload.steps import Step, from_json

_MS = 10**6
IN_LINE = "It is paid for and waits to be classified; with classification off it stays so"


def timeline(document: Document, stat: ObjectStat | None, now: datetime) -> DocumentTimeline:
    """Of a document that is live, or was refused; `stat` is what the store holds of it at `now`."""
    kept = from_json(document.steps)
    steps = [_signed(document), *kept]
    if stat is not None:
        steps.append(Step(arrival(stat), "arrived", {"size_bytes": stat.size}))
    return DocumentTimeline(
        id=document.id,
        status=document.status.value,
        steps=tuple(map(_shown, sorted(steps, key=lambda step: step.at))),
        waits_for=_waits_for(document, stat, kept, now),
    )


def _signed(document: Document) -> Step:
    declared = {} if document.declared_bytes is None else {"declared_bytes": document.declared_bytes}
    return Step(document.created_at, "signed", {"expires_at": document.expires_at.isoformat(), **declared})


def arrival(stat: ObjectStat) -> datetime:
    """When the store had the bytes, by its own clock: the ms it tells, which `observed_ns` is the end of."""
    return datetime.fromtimestamp(stat.observed_ns // _MS / 1000, UTC)


def _shown(step: Step) -> TimelineStep:
    return TimelineStep(at=step.at, what=step.what, source=step.source, detail=dict(step.detail))


def _waits_for(document: Document, stat: ObjectStat | None, kept: Iterable[Step], now: datetime) -> Waiting | None:
    if document.status is Status.REJECTED:
        return None
    if document.status is Status.PENDING:
        return _pending(document, now) if stat is None else _decision(arrival(stat), "The bytes are there")
    if stat is None:
        return _decision(document.updated_at, "The bytes are no more in the store")
    if stat.etag != document.etag:
        return _decision(arrival(stat), "Other bytes were put under the same URL")
    if document.status is Status.UPLOADED:
        reserved = [step.at for step in kept if step.what == "reserved"]
        since = max(reserved, default=document.updated_at)
        return Waiting(what="classification", since=since, for_a_person=IN_LINE)
    return None


def _pending(document: Document, now: datetime) -> Waiting:
    if now < document.expires_at:
        until = document.expires_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        text = f"The bytes have not been put yet; the URL takes them until {until}"
        return Waiting(what="bytes", since=document.created_at, for_a_person=text)
    text = "The URL is dead and no bytes came; the document will be removed"
    return Waiting(what="removal", since=document.expires_at, for_a_person=text)


def _decision(since: datetime, why: str) -> Waiting:
    return Waiting(what="decision", since=since, for_a_person=f"{why}, and the quota has not been told yet")
