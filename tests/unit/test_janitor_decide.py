"""The janitor's table: what it knows, what it hears, whether the object stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations

import pytest

from services.janitor import decide
from services.janitor.decide import Fact, Known, Ledger, State
from tests.unit.janitor_facts import DELETED, PATIENCE, UNKNOWN, rejected, released, reserved


def learn(known: Known, fact: Fact) -> Known:
    return decide.learn(known, fact, PATIENCE)


def learn_all(known: Known, facts: Iterable[Fact]) -> Known:
    return decide.learn_all(known, facts, PATIENCE)


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
    after = learn(gone, fact)
    assert (after.version, after.state, after.cause, after.deleted) == (2, State.REMOVED, "document.deleted", True)


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


@pytest.mark.parametrize("facts", list(permutations([reserved(1, "old"), reserved(2, "new"), DELETED])))
def test_what_is_held_is_that_of_the_newest_reservation_in_whatever_order_and_however_often(
    facts: tuple[Fact, ...],
) -> None:
    known = learn_all(UNKNOWN, [*facts, *facts])
    assert (known.ledger, known.etag, known.size_bytes) == (Ledger.RESERVED, "new", 5)


@pytest.mark.parametrize(("fact", "ledger"), [(rejected(2), Ledger.REJECTED), (released(2), Ledger.RELEASED)])
def test_nothing_is_held_after_a_newer_refusal_or_release_also_where_the_reservation_comes_again(
    fact: Fact, ledger: Ledger
) -> None:
    known = learn_all(UNKNOWN, [reserved(1), fact, reserved(1)])
    assert (known.ledger, known.etag, known.size_bytes) == (ledger, None, None)


def test_what_was_reserved_before_it_was_written_down_is_learnt_when_it_is_said_again() -> None:
    old = Known(UNKNOWN.object_key, UNKNOWN.document_id, UNKNOWN.user_id, version=3, ledger=Ledger.RESERVED)
    assert learn(old, reserved(2)) is old
    known = learn(old, reserved(3))
    assert known == replace(old, etag="e", size_bytes=5)
    assert learn(known, reserved(3, "other")) is known
