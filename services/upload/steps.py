"""What happened to a document, as steps that its row keeps, at the times of the events that told of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import assert_never, cast

import orjson
from docuvault_contracts.events import (
    ClassificationFailed,
    Classified,
    QuotaRejected,
    QuotaReleased,
    QuotaReserved,
    UploadAbandoned,
)
from msgspec import Struct

Detail = str | int | tuple[str, ...] | None
Telling = QuotaReserved | QuotaRejected | QuotaReleased | Classified | ClassificationFailed | UploadAbandoned

CORRECTED = "corrected"
SOURCES = {
    "signed": "upload",
    "arrived": "store",
    "reserved": "quota",
    "refused": "quota",
    "released": "quota",
    "classified": "classifier",
    CORRECTED: "classifier",
    "classification_failed": "classifier",
    "abandoned": "janitor",
    "left_out": "upload",
}
"""Who does what; it is not kept with each step."""


class Step(Struct, frozen=True, gc=False):
    """Something that happened, when, and what belongs to it."""

    at: datetime
    what: str
    detail: Mapping[str, Detail]

    @property
    def source(self) -> str:
        """Who did it."""
        return SOURCES[self.what]


def step_of(event: Telling) -> Step:
    """The step that an event is, where it changed the document."""
    match event:
        case QuotaReserved():
            return Step(event.decided_at, "reserved", {"size_bytes": event.size_bytes, **_account(event)})
        case QuotaRejected():
            over = event.used_bytes + event.rejected_bytes - event.limit_bytes
            numbers = {"rejected_bytes": event.rejected_bytes, "over_by_bytes": max(0, over), **_account(event)}
            return Step(event.decided_at, "refused", {"reason": event.reason, **numbers})
        case QuotaReleased():
            freed = {"reason": event.reason, "released_bytes": event.released_bytes}
            return Step(event.decided_at, "released", {**freed, **_account(event)})
        case Classified():
            what = CORRECTED if event.outcome == CORRECTED else "classified"
            names = tuple(topic.name for topic in event.topics)
            return Step(event.classified_at, what, {"topics": names, "note": None if names else event.note})
        case ClassificationFailed():
            return Step(event.failed_at, "classification_failed", {"reason": event.reason})
        case UploadAbandoned():
            return Step(event.abandoned_at, "abandoned", {})
    assert_never(event)


def _account(event: QuotaReserved | QuotaRejected | QuotaReleased) -> dict[str, Detail]:
    return {"used_bytes": event.used_bytes, "limit_bytes": event.limit_bytes}


def to_json(steps: Sequence[Step]) -> str:
    """As the column `steps` has them."""
    return orjson.dumps([{"at": step.at, "what": step.what, "detail": step.detail} for step in steps]).decode()


def from_json(text: str) -> list[Step]:
    """The steps of a row."""
    return [
        Step(datetime.fromisoformat(each["at"]), each["what"], _detail(each["detail"])) for each in orjson.loads(text)
    ]


def _detail(found: Mapping[str, object]) -> Mapping[str, Detail]:
    return {name: tuple(value) if isinstance(value, list) else cast("Detail", value) for name, value in found.items()}
