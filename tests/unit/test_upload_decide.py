from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from services.chassis.storage import ObjectStat
from services.upload.decide import (
    Confirmed,
    Incoming,
    NotStored,
    NotUploaded,
    Observe,
    Refused,
    Unknown,
    answer_by_row,
    answer_by_stat,
    apply,
    as_stored,
    concerns,
    has_moved,
    is_settled,
)
from services.upload.document import Document, Reason, Ruling, Status
from tests.unit.upload_facts import (
    DOCUMENT,
    KEY,
    NOW,
    TOPIC,
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

REFUSED = tombstone(Status.REJECTED, Reason.OVER_QUOTA, ruling=Ruling.REJECTED)
DELETED = tombstone(Status.DELETED, Reason.DOCUMENT_DELETED, ruling=Ruling.RESERVED)
REMOVED = tombstone(Status.DELETED, Reason.OBJECT_REMOVED, ruling=Ruling.RELEASED)
ABANDONED = tombstone(Status.DELETED, Reason.ABANDONED, version=0)
FILED = apply(uploaded(), classified())
FAILED = apply(uploaded(), unclassified())

TABLE = [
    # the document, the event, its status after, the reason after
    (pending(), reserved(1), Status.UPLOADED, None),
    (pending(), rejected(1), Status.REJECTED, Reason.OVER_QUOTA),
    (pending(), rejected(1, reason="object_removed"), Status.DELETED, Reason.OBJECT_REMOVED),
    (pending(), released(1, "document_deleted"), Status.DELETED, Reason.DOCUMENT_DELETED),
    (pending(), released(1, "object_removed"), Status.DELETED, Reason.OBJECT_REMOVED),
    (pending(), classified(1), Status.PENDING, None),
    (pending(), unclassified(1), Status.PENDING, None),
    (pending(), abandoned(), Status.DELETED, Reason.ABANDONED),
    (uploaded(), reserved(2, "e2", 30), Status.UPLOADED, None),
    (uploaded(), rejected(2), Status.REJECTED, Reason.OVER_QUOTA),
    (uploaded(), released(2, "object_removed"), Status.DELETED, Reason.OBJECT_REMOVED),
    (uploaded(), classified(1), Status.CLASSIFIED, None),
    (uploaded(), unclassified(1), Status.CLASSIFICATION_FAILED, None),
    (uploaded(), abandoned(), Status.UPLOADED, None),
    (FILED, reserved(2, "e2"), Status.UPLOADED, None),
    (FILED, rejected(2), Status.REJECTED, Reason.OVER_QUOTA),
    (FILED, released(2, "object_removed"), Status.DELETED, Reason.OBJECT_REMOVED),
    (FILED, unclassified(1, NOW + timedelta(seconds=1)), Status.CLASSIFICATION_FAILED, None),
    (FILED, abandoned(), Status.CLASSIFIED, None),
    (FILED, unclassified(2), Status.UPLOADED, None),
    (FAILED, reserved(2, "e2"), Status.UPLOADED, None),
    (FAILED, classified(1, NOW + timedelta(seconds=1)), Status.CLASSIFIED, None),
    (FAILED, abandoned(), Status.CLASSIFICATION_FAILED, None),
    (REFUSED, rejected(2, reason="already_rejected"), Status.REJECTED, Reason.ALREADY_REJECTED),
    (REFUSED, released(2, "object_removed"), Status.REJECTED, Reason.OVER_QUOTA),
    (REFUSED, classified(1), Status.REJECTED, Reason.OVER_QUOTA),
    (REFUSED, abandoned(), Status.REJECTED, Reason.OVER_QUOTA),
    (DELETED, reserved(2), Status.DELETED, Reason.DOCUMENT_DELETED),
    (DELETED, rejected(2), Status.DELETED, Reason.DOCUMENT_DELETED),
    (DELETED, released(2), Status.DELETED, Reason.DOCUMENT_DELETED),
    (DELETED, classified(1), Status.DELETED, Reason.DOCUMENT_DELETED),
    (DELETED, abandoned(), Status.DELETED, Reason.DOCUMENT_DELETED),
    (REMOVED, rejected(2, reason="object_removed"), Status.DELETED, Reason.OBJECT_REMOVED),
    (REMOVED, classified(1), Status.DELETED, Reason.OBJECT_REMOVED),
    (ABANDONED, reserved(1), Status.UPLOADED, None),
    (ABANDONED, rejected(1), Status.REJECTED, Reason.OVER_QUOTA),
]


@pytest.mark.parametrize(("document", "event", "status", "reason"), TABLE)
def test_each_event_moves_each_status_as_the_table_says(
    document: Document, event: Any, status: Status, reason: Reason | None
) -> None:
    after = apply(document, event)
    assert (after.status, after.reason) == (status, reason)


@pytest.mark.parametrize(("document", "event", "status", "reason"), TABLE)
def test_the_same_event_again_changes_nothing(
    document: Document, event: Any, status: Status, reason: Reason | None
) -> None:
    after = apply(document, event)
    assert (apply(after, event).status, apply(after, event).reason) == (status, reason)
    assert apply(after, event) is after


@pytest.mark.parametrize(("document", "event", "status", "reason"), TABLE)
def test_bytes_and_etag_are_there_exactly_while_the_document_is_stored(
    document: Document, event: Any, status: Status, reason: Reason | None
) -> None:
    after = apply(document, event)
    stored = status in {Status.UPLOADED, Status.CLASSIFIED, Status.CLASSIFICATION_FAILED}
    assert (after.etag is not None, after.size_bytes > 0) == (stored, stored)
    assert reason is None or not after.is_live


@pytest.mark.parametrize("document", [uploaded(5), replace(REFUSED, version=5), replace(DELETED, version=5)])
@pytest.mark.parametrize("version", [1, 4, 5])
def test_an_older_word_of_the_ledger_changes_nothing(document: Document, version: int) -> None:
    for event in (reserved(version, "other"), rejected(version), released(version)):
        assert apply(document, event) is document


def test_a_deleted_document_remembers_the_ledgers_version_and_stays_deleted() -> None:
    after = apply(DELETED, released(2))
    assert (after.version, after.ruling, is_settled(after)) == (2, Ruling.RELEASED, True)
    assert not is_settled(DELETED)


def test_a_rejection_keeps_the_numbers_it_was_decided_by() -> None:
    after = apply(pending(), rejected(1, size=200))
    assert (after.used_bytes, after.limit_bytes, after.rejected_bytes) == (90, 100, 200)


def test_a_classification_that_overtakes_the_reservation_counts_once_that_is_heard() -> None:
    early = apply(pending(), classified(1))
    assert early.topics == ()
    after = apply(early, reserved(1))
    assert (after.status, after.topics) == (Status.CLASSIFIED, (TOPIC,))


def test_ledger_and_classifier_end_the_same_in_every_order() -> None:
    later = NOW + timedelta(seconds=9)
    rulings: tuple[Incoming, ...] = (reserved(1), reserved(2, "e2", 20))
    verdicts: tuple[Incoming, ...] = (classified(1), unclassified(2), classified(2, later))
    ends = set()
    for order in permutations(rulings + verdicts):
        document = pending()
        for event in order:
            document = apply(document, event)
        ends.add((document.status, document.version, document.etag, document.topics))
    assert ends == {(Status.CLASSIFIED, 2, "e2", (TOPIC,))}


def test_new_bytes_take_the_old_classification_away() -> None:
    after = apply(FILED, reserved(2, "e2"))
    assert (after.topics, after.verdict) == ((), None)


def test_a_classification_of_bytes_that_were_replaced_is_ignored() -> None:
    document = uploaded(2, "e2")
    assert apply(document, classified(1)) is document


def test_an_older_classification_of_the_same_bytes_is_ignored() -> None:
    assert apply(FILED, unclassified(1, NOW - timedelta(seconds=1))) is FILED


def test_a_failure_tells_its_reason_and_no_topics() -> None:
    assert (FAILED.remark, FAILED.topics) == ("encrypted", ())


def test_a_document_that_is_filed_under_nothing_tells_why() -> None:
    nothing = apply(uploaded(), classified(topics=(), note="None of your topics fits"))
    assert (nothing.status, nothing.topics, nothing.remark) == (Status.CLASSIFIED, (), "None of your topics fits")
    assert apply(nothing, reserved(2, "e2")).remark is None


def test_a_document_that_is_filed_under_a_topic_has_nothing_to_explain() -> None:
    assert apply(uploaded(), classified(note="whatever")).remark is None


def test_a_word_that_is_ahead_of_the_ledger_explains_nothing_yet() -> None:
    assert apply(uploaded(), classified(2, topics=(), note="None of your topics fits")).remark is None


@pytest.mark.parametrize("field", [{"object_key": KEY + "x"}, {"user_id": UUID(int=5)}])
def test_an_event_about_another_key_or_user_does_not_concern_the_document(field: dict[str, Any]) -> None:
    assert not concerns(pending(), reserved(**field))
    assert concerns(pending(), reserved())


@pytest.mark.parametrize("document", [pending(), uploaded(), FILED, FAILED])
def test_a_confirm_of_a_live_document_looks_at_the_store(document: Document) -> None:
    assert answer_by_row(document) is None


@pytest.mark.parametrize("document", [DELETED, REMOVED, ABANDONED])
def test_a_confirm_of_a_deleted_document_knows_none(document: Document) -> None:
    assert answer_by_row(document) == Unknown()


def test_a_confirm_of_a_rejected_document_is_refused_with_the_recorded_numbers() -> None:
    assert answer_by_row(apply(pending(), rejected(1, size=200))) == Refused(90, 100, 200)


@pytest.mark.parametrize("document", [pending(), uploaded(), FILED, FAILED])
def test_a_confirm_without_an_object_is_not_uploaded(document: Document) -> None:
    assert answer_by_stat(document, None) == NotUploaded()


@pytest.mark.parametrize("document", [uploaded(), FILED, FAILED])
def test_a_confirm_of_decided_bytes_answers_as_recorded(document: Document) -> None:
    assert answer_by_stat(document, ObjectStat(10, "e1", 5)) == Confirmed(DOCUMENT, 10, 10)


@pytest.mark.parametrize("document", [pending(), uploaded(etag="other"), uploaded(size=11)])
def test_a_confirm_of_undecided_bytes_has_them_observed(document: Document) -> None:
    stat = ObjectStat(10, "e1", 5)
    assert answer_by_stat(document, stat) == Observe(stat)


def test_only_the_ledger_or_the_owner_moves_what_a_confirm_waits_for() -> None:
    assert has_moved(pending(), uploaded())
    assert has_moved(uploaded(), replace(uploaded(), status=Status.DELETED))
    assert not has_moved(uploaded(), FILED)


def test_only_what_has_bytes_can_be_classified_again() -> None:
    assert [as_stored(document) for document in (uploaded(), FILED, FAILED)] == [uploaded(), FILED, FAILED]
    assert as_stored(pending()) is NotStored.NO_BYTES
    assert {as_stored(gone) for gone in (None, REFUSED, DELETED)} == {NotStored.UNKNOWN}
