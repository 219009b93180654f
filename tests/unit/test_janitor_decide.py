"""The janitor's table: what it knows, what it hears, whether the object stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Literal
from uuid import UUID

import pytest
from docuvault_contracts.events import DocumentDeleted, QuotaRejected, QuotaReleased, QuotaReserved

from services.janitor.decide import Fact, Known, State, learn, learn_all

USER, DOCUMENT = UUID(int=1), UUID(int=2)
KEY = f"{USER}/{DOCUMENT}/{UUID(int=3)}.pdf"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNKNOWN = Known(KEY, DOCUMENT, USER)
DECISION = {
    "document_id": DOCUMENT, "user_id": USER, "object_key": KEY, "used_bytes": 0, "limit_bytes": 9, "decided_at": NOW
}  # fmt: skip
DELETED = DocumentDeleted(document_id=DOCUMENT, user_id=USER, object_key=KEY, deleted_at=NOW)


def reserved(version: int) -> QuotaReserved:
    return QuotaReserved(version=version, size_bytes=5, etag="e", **DECISION)


def rejected(version: int) -> QuotaRejected:
    return QuotaRejected(version=version, rejected_bytes=5, etag="e", reason="over_quota", **DECISION)


def released(version: int, reason: Literal["document_deleted", "object_removed"] = "object_removed") -> QuotaReleased:
    return QuotaReleased(version=version, released_bytes=5, reason=reason, **DECISION)


def test_an_object_of_which_nothing_is_known_stays() -> None:
    assert UNKNOWN.state is State.KEEP


@pytest.mark.parametrize(
    ("fact", "state", "cause"),
    [
        (reserved(1), State.KEEP, None),
        (rejected(1), State.REMOVE, "quota.rejected"),
        (released(1), State.REMOVE, "quota.released"),
    ],
)
def test_a_first_decision_says_what_becomes_of_the_object(fact: Fact, state: State, cause: str | None) -> None:
    known = learn(UNKNOWN, fact)
    assert (known.version, known.state, known.cause, known.deleted) == (1, state, cause, False)


def test_a_deletion_orders_the_removal_before_anything_was_decided() -> None:
    known = learn(UNKNOWN, DELETED)
    assert (known.version, known.state, known.cause, known.deleted) == (0, State.REMOVE, "document.deleted", True)


def test_what_is_reserved_by_a_newer_decision_is_not_touched_by_an_older_refusal() -> None:
    known = learn(UNKNOWN, reserved(2))
    assert learn(known, rejected(1)) is known


def test_a_refusal_after_a_reservation_orders_the_removal() -> None:
    assert learn_all(UNKNOWN, [reserved(1), rejected(2)]).state is State.REMOVE


def test_a_newer_reservation_takes_a_removal_back() -> None:
    known = learn_all(UNKNOWN, [rejected(1), reserved(2)])
    assert (known.version, known.state, known.cause) == (2, State.KEEP, None)


def test_a_deletion_is_final_whatever_is_decided_later() -> None:
    known = learn_all(UNKNOWN, [reserved(1), DELETED, reserved(2)])
    assert (known.version, known.state, known.cause) == (2, State.REMOVE, "document.deleted")


@pytest.mark.parametrize("fact", [reserved(2), rejected(2), released(2), released(2, "document_deleted")])
def test_what_is_decided_after_a_deletion_gives_no_other_order(fact: Fact) -> None:
    gone = replace(learn_all(UNKNOWN, [reserved(1), DELETED]), state=State.REMOVED)
    assert learn(gone, fact) == replace(gone, version=2)


def test_a_deletion_that_the_ledger_tells_of_first_is_the_same_order() -> None:
    told = learn(UNKNOWN, released(2, "document_deleted"))
    assert (told.state, told.cause, told.deleted) == (State.REMOVE, "document.deleted", True)
    assert learn(told, DELETED) is told


def test_a_second_refusal_orders_a_second_removal() -> None:
    gone = replace(learn(UNKNOWN, rejected(1)), state=State.REMOVED)
    known = learn(gone, rejected(2))
    assert (known.version, known.state) == (2, State.REMOVE)


@pytest.mark.parametrize("fact", [rejected(1), released(1), DELETED])
def test_a_repeated_order_is_no_news_once_it_was_carried_out(fact: Fact) -> None:
    gone = replace(learn(UNKNOWN, fact), state=State.REMOVED)
    assert learn(gone, fact) is gone


@pytest.mark.parametrize("facts", list(permutations([reserved(1), DELETED, released(2, "document_deleted")])))
def test_a_deleted_key_goes_in_whatever_order_its_facts_arrive(facts: tuple[Fact, ...]) -> None:
    known = learn_all(UNKNOWN, facts)
    assert (known.version, known.state, known.deleted) == (2, State.REMOVE, True)


@pytest.mark.parametrize("facts", list(permutations([reserved(1), rejected(2), rejected(3)])))
def test_only_the_newest_decision_counts(facts: tuple[Fact, ...]) -> None:
    known = learn_all(UNKNOWN, facts)
    assert (known.version, known.cause) == (3, "quota.rejected")
