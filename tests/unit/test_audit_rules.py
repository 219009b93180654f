"""The audit finds each kind of difference, and none where there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from deploy.local.errors import StackError
from deploy.ops.audit import MAX_PENDING_SECONDS, max_pending_seconds
from deploy.ops.audit_merge import NotSortedError, merged
from deploy.ops.audit_model import (
    Account,
    Backlog,
    Check,
    Counted,
    Document,
    Holding,
    Item,
    Report,
    Reservation,
    StoredObject,
)
from deploy.ops.audit_rules import Auditor
from deploy.ops.audit_servers import READERS, runs
from services.classifier.parsing import TOPICS as CLASSIFIER_READS
from services.janitor.parsing import TOPICS as JANITOR_READS
from services.quota.parsing import TOPICS as QUOTA_READS
from services.upload.handler import TOPICS as UPLOAD_READS

HOUR = 3600.0
USER, OTHER = str(UUID(int=1)), str(UUID(int=2))


def key(number: int, user: str = USER) -> str:
    return f"{user}/{UUID(int=number)}/{UUID(int=number)}.pdf"


def held(number: int = 3, size: int = 10, user: str = USER) -> Holding:
    """A key as it should be: stored, paid for, uploaded."""
    name = key(number, user)
    return Holding(
        name,
        reservation=Reservation(name, "reserved", size, "e"),
        document=Document(name, str(UUID(int=number)), "uploaded", size, "e", 9 * HOUR),
        stored=StoredObject(name, size, "e"),
    )


def owner(used: int, limit: int = 100, user: str = USER) -> Holding:
    return Holding(user, account=Account(user, used, limit))


def audit(*holdings: Holding, undecided: Iterable[Backlog] = ()) -> Report:
    auditor = Auditor(HOUR)
    for holding in holdings:
        auditor.see(holding)
    return auditor.report(undecided)


def found(*holdings: Holding) -> set[tuple[Check, str | None, str | None, int | None]]:
    return {(each.check, each.user, each.key, each.bytes) for each in audit(*holdings).differences}


def test_a_stack_where_all_is_accounted_for_is_clean() -> None:
    report = audit(owner(20), held(3), held(4), owner(5, user=OTHER), held(5, 5, OTHER))
    assert report.clean
    assert report.counted == Counted(users=2, objects=3, documents=3, bytes=25)


def test_an_empty_stack_is_clean() -> None:
    assert audit().clean


def test_tombstones_and_young_pending_documents_are_no_difference() -> None:
    pending = Holding(key(3), document=Document(key(3), "d", "pending", 0, None, HOUR - 1))
    refused = Holding(
        key(4),
        reservation=Reservation(key(4), "rejected", 0, "e"),
        document=Document(key(4), "d", "rejected", 0, None, 9 * HOUR),
    )
    released = replace(held(5), stored=None, reservation=Reservation(key(5), "released", 0, "e"))
    deleted = replace(released, document=Document(key(5), "d", "deleted", 0, None, 9 * HOUR))
    assert audit(owner(0), pending, refused, deleted).clean


@pytest.mark.parametrize("drift", [-1, 1])
def test_a_total_that_drifted_from_its_reservations_is_found(drift: int) -> None:
    assert found(owner(10 + drift), held()) == {(Check.TOTALS, USER, None, 1)}


def test_a_drifted_total_of_a_user_without_objects_is_found() -> None:
    assert found(owner(7), owner(10, user=OTHER), held(4, user=OTHER)) == {(Check.TOTALS, USER, None, 7)}


def test_bytes_of_a_user_without_an_account_are_found() -> None:
    report = audit(held())
    assert [(each.check, each.user) for each in report.differences] == [(Check.TOTALS, USER)]
    assert "no account" in report.differences[0].what


def test_an_object_without_a_document_is_found() -> None:
    stray = Holding(key(4), stored=StoredObject(key(4), 7, "x"))
    assert found(owner(10), held(), stray) == {(Check.OBJECTS, USER, key(4), 7), (Check.TOTALS, USER, None, 7)}


def test_an_object_under_a_foreign_key_is_found() -> None:
    stray = Holding("backup/readme.txt", stored=StoredObject("backup/readme.txt", 7, "x"))
    assert found(owner(10), held(), stray) == {(Check.OBJECTS, None, "backup/readme.txt", 7)}


def test_an_object_that_nobody_decided_about_is_found() -> None:
    lost = Holding(key(4), document=Document(key(4), "d", "pending", 0, None, 1), stored=StoredObject(key(4), 7, "x"))
    assert (Check.OBJECTS, USER, key(4), 7) in found(owner(0), lost)


@pytest.mark.parametrize(("state", "status"), [("rejected", "rejected"), ("released", "deleted")])
def test_an_object_that_should_have_been_removed_is_found(state: str, status: str) -> None:
    left = Holding(
        key(3),
        reservation=Reservation(key(3), state, 0, "e"),
        document=Document(key(3), "d", status, 0, None, 1),
        stored=StoredObject(key(3), 10, "e"),
    )
    assert (Check.OBJECTS, USER, key(3), 10) in found(owner(0), left)


def test_a_reservation_without_its_object_is_found_on_both_sides() -> None:
    lost = replace(held(), stored=None)
    assert found(owner(10), lost) == {
        (Check.PAID, USER, key(3), 10),
        (Check.DOCUMENTS, USER, key(3), 10),
        (Check.TOTALS, USER, None, 10),
    }


def test_an_object_of_another_size_than_decided_is_found() -> None:
    grown = replace(held(), stored=StoredObject(key(3), 14, "f"))
    assert {check for check, *_ in found(owner(10), grown)} == {Check.PAID, Check.DOCUMENTS, Check.TOTALS}


def test_an_object_of_another_etag_of_the_same_size_is_found() -> None:
    changed = replace(held(), stored=StoredObject(key(3), 10, "f"))
    assert {check for check, *_ in found(owner(10), changed)} == {Check.PAID, Check.DOCUMENTS}


def test_an_uploaded_document_that_nobody_pays_for_is_found() -> None:
    free = replace(held(), reservation=None)
    assert {check for check, *_ in found(owner(10), free)} == {Check.OBJECTS, Check.DOCUMENTS, Check.TOTALS}


@pytest.mark.parametrize("status", ["pending", "deleted", "rejected"])
def test_a_reservation_of_a_document_that_is_not_live_is_found(status: str) -> None:
    stale = replace(held(), document=Document(key(3), "d", status, 0, None, 1))
    assert {check for check, *_ in found(owner(10), stale)} == {Check.OBJECTS, Check.DOCUMENTS, Check.TOTALS}


def test_a_refusal_that_its_document_never_heard_of_is_found() -> None:
    deaf = Holding(
        key(3),
        reservation=Reservation(key(3), "rejected", 0, "e"),
        document=Document(key(3), "d", "pending", 0, None, 1),
    )
    assert found(owner(0), deaf) == {(Check.DOCUMENTS, USER, key(3), 0)}


def test_a_document_that_says_another_size_than_the_ledger_is_found() -> None:
    wrong = replace(held(), document=Document(key(3), "d", "classified", 9, "e", 1))
    assert {check for check, *_ in found(owner(10), wrong)} == {Check.DOCUMENTS, Check.TOTALS}


def test_a_document_pending_beyond_the_sweeps_age_is_found() -> None:
    old = Holding(key(3), document=Document(key(3), "d", "pending", 0, None, HOUR + 1))
    assert found(owner(0), old) == {(Check.WAITING, USER, key(3), 0)}


def test_a_reservation_beyond_the_limit_is_found() -> None:
    beyond = replace(held(size=110), reservation=Reservation(key(3), "reserved", 110, "e", overran=True))
    assert found(owner(110), beyond) == {(Check.LIMITS, USER, key(3), 110)}


def test_a_limit_lowered_below_what_is_used_is_a_note_and_no_failure() -> None:
    report = audit(owner(10, limit=4), held())
    assert report.clean
    assert len(report.notes) == 1
    assert USER in report.notes[0]


def test_what_is_undecided_is_a_difference() -> None:
    report = audit(owner(10), held(), undecided=[Backlog("group quota on storage.events", 3), Backlog("outbox", 0)])
    assert [(each.check, each.what) for each in report.differences] == [
        (Check.REST, "group quota on storage.events: 3 waiting")
    ]


async def stream(*items: Item) -> AsyncIterator[Item]:
    for item in items:
        yield item


async def test_streams_are_joined_by_key_and_keep_their_order() -> None:
    whole, alone = held(3), held(4)
    assert whole.document
    assert whole.reservation
    assert whole.stored
    assert alone.stored
    account = Account(USER, 10, 100)
    joined = [
        each
        async for each in merged(
            stream(account), stream(whole.reservation), stream(whole.document), stream(whole.stored, alone.stored)
        )
    ]
    assert joined == [Holding(USER, account=account), whole, Holding(alone.key, stored=alone.stored)]


async def test_a_stream_out_of_order_is_refused_rather_than_reported_as_differences() -> None:
    with pytest.raises(NotSortedError):
        [each async for each in merged(stream(StoredObject("b", 1, "e"), StoredObject("a", 1, "e")))]


def test_the_audit_watches_the_topics_that_the_services_read() -> None:
    assert {group: {topic.name for topic in read} for group, read in READERS.items()} == {
        "upload": set(UPLOAD_READS),
        "quota": set(QUOTA_READS),
        "janitor": set(JANITOR_READS),
        "classifier": set(CLASSIFIER_READS),
    }


def test_a_classifier_that_has_never_read_is_not_behind() -> None:
    at, never = TopicPartition("quota", 0), OffsetAndMetadata(-1, "")
    assert not runs("classifier", {})
    assert not runs("classifier", {at: never})
    assert runs("classifier", {at: OffsetAndMetadata(0, "")})
    assert runs("janitor", {})


def test_what_is_pending_for_too_long_follows_the_settings_of_the_sweep() -> None:
    assert max_pending_seconds({}) == MAX_PENDING_SECONDS
    assert max_pending_seconds({"SWEEP_AGE_SECONDS": "2000", "SWEEP_EVERY_SECONDS": "60", "REPLICA": "1"}) == 2060
    with pytest.raises(StackError, match="SWEEP_AGE_SECONDS"):
        max_pending_seconds({"SWEEP_AGE_SECONDS": "1"})
