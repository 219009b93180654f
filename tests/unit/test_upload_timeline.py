"""The steps that events are, and what a document waits for by its row and by the store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.chassis.delivery import Delivery, Origin
from services.chassis.storage import ObjectStat
from services.upload.decide import apply
from services.upload.document import Document, Reason, Ruling, Status
from services.upload.handler import fold
from services.upload.steps import Step, from_json, step_of, to_json
from services.upload.timeline import timeline
from tests.unit.upload_facts import (
    NOW,
    abandoned,
    classified,
    pending,
    rejected,
    released,
    reserved,
    tombstone,
    unclassified,
    uploaded,
)

LATER = NOW + timedelta(minutes=1)
AT = int(NOW.timestamp()) * 10**9
STAT = ObjectStat(10, "e1", AT + 1_500_000_000)


def after(document: Document, *events: Any) -> Document:
    """What a batch makes of it, as it is read again."""
    [changed] = fold([document], [Delivery(event, Origin("quota", 0, place)) for place, event in enumerate(events)])
    return replace(changed, steps=to_json([*from_json(document.steps), *changed.news]), news=())


def whats(document: Document, stat: ObjectStat | None = STAT) -> list[str]:
    return [step.what for step in timeline(document, stat, LATER).steps]


def waits(document: Document, stat: ObjectStat | None = STAT, now: Any = LATER) -> Any:
    found = timeline(document, stat, now).waits_for
    return None if found is None else (found.what, found.since)


def test_each_event_that_changed_something_is_a_step_with_its_own_time() -> None:
    done = after(pending(), reserved(decided_at=NOW + timedelta(seconds=2)), classified(at=LATER))
    assert [(step.what, step.source) for step in timeline(done, STAT, LATER).steps] == [
        ("signed", "upload"),
        ("arrived", "store"),
        ("reserved", "quota"),
        ("classified", "classifier"),
    ]
    assert [step.at for step in timeline(done, STAT, LATER).steps] == [
        NOW, NOW + timedelta(seconds=1.5), NOW + timedelta(seconds=2), LATER,
    ]  # fmt: skip


def test_what_is_heard_again_is_no_step() -> None:
    done = after(pending(), reserved(), reserved())
    assert whats(done, None) == ["signed", "reserved"]
    assert fold([done], [Delivery(reserved(), Origin("quota", 0, 9))]) == []


def test_a_refusal_tells_its_numbers_and_by_how_much_it_did_not_fit() -> None:
    refused = after(pending(), rejected(size=200))
    found = timeline(refused, None, LATER)
    assert (found.status, found.waits_for) == ("rejected", None)
    assert found.steps[-1].detail == {
        "reason": "over_quota", "rejected_bytes": 200, "over_by_bytes": 190, "used_bytes": 90, "limit_bytes": 100,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "what", "detail"),
    [
        (classified(), "classified", {"topics": ("Invoices",), "note": None}),
        (classified(topics=(), note="no topics yet"), "classified", {"topics": (), "note": "no topics yet"}),
        (
            classified().model_copy(update={"outcome": "corrected"}),
            "corrected",
            {"topics": ("Invoices",), "note": None},
        ),
        (unclassified(), "classification_failed", {"reason": "encrypted"}),
        (abandoned(), "abandoned", {}),
        (
            released(),
            "released",
            {"reason": "document_deleted", "released_bytes": 10, "used_bytes": 0, "limit_bytes": 100},
        ),
    ],
)
def test_a_step_says_what_belongs_to_it_and_survives_its_column(event: Any, what: str, detail: Any) -> None:
    step = step_of(event)
    assert (step.what, step.detail) == (what, detail)
    assert from_json(to_json([step])) == [step]
    assert step.source


def test_of_what_its_owner_deleted_no_step_is_kept() -> None:
    gone = tombstone(Status.DELETED, Reason.DOCUMENT_DELETED, 1, Ruling.RESERVED)
    [changed] = fold([gone], [Delivery(released(), Origin("quota", 0, 0))])
    assert changed.version == 2
    assert changed.news == ()


def test_before_any_byte_it_waits_for_them_and_with_its_url_dead_to_be_removed() -> None:
    assert waits(pending(), None) == ("bytes", NOW)
    late = NOW + timedelta(hours=1)
    assert waits(pending(), None, late) == ("removal", NOW + timedelta(minutes=15))


def test_bytes_that_nobody_decided_wait_for_the_ledger() -> None:
    arrived = NOW + timedelta(seconds=1.5)
    assert waits(pending()) == ("decision", arrived)
    assert waits(uploaded(etag="another")) == ("decision", arrived)
    assert waits(uploaded(), None) == ("decision", NOW)


def test_what_is_paid_for_waits_to_be_classified_and_then_for_nothing() -> None:
    paid = after(pending(), reserved(decided_at=NOW + timedelta(seconds=2)))
    assert waits(paid) == ("classification", NOW + timedelta(seconds=2))
    assert waits(uploaded()) == ("classification", NOW), "a row of before has no steps"
    assert waits(apply(paid, classified())) is None
    assert waits(apply(paid, unclassified())) is None


def test_a_step_that_was_left_out_is_told_as_such() -> None:
    kept = pending(steps=to_json([Step(NOW, "left_out", {"steps": 7})]))
    assert timeline(kept, None, LATER).steps[-1].detail == {"steps": 7}
