"""A batch: its order, its replays, and what it amounts to."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec.structs import replace

from services.chassis.delivery import Delivery
from services.quota.model import Account, Decided, Fact, Reservation, Settlement
from services.quota.settle import MOMENT, settle
from tests.unit.quota_facts import (
    KEY,
    NOW,
    ORIGIN,
    USER,
    absent,
    deleted,
    delivery,
    observed,
    registered,
    rejected,
    released,
    reserved,
)

OTHER_KEY = KEY.replace("3333.pdf", "4444.pdf")


def settled(
    *batch: Delivery[Fact],
    used: int | None = 0,
    rows: tuple[Reservation, ...] = (),
    before: tuple[Reservation, ...] = (),
) -> Settlement:
    accounts: dict[UUID, Account] = {} if used is None else {USER: Account(used, 100)}
    return settle(accounts, {row.object_key: row for row in rows}, before, batch, NOW)


def taken(settlement: Settlement, *before: Reservation) -> int:
    """By how many bytes the rows written hold more than those `before`."""
    return sum(write.row.size_bytes for write in settlement.writes) - sum(row.size_bytes for row in before)


def states(settlement: Settlement) -> list[tuple[str, int]]:
    return [(each.decision.state, each.decision.version) for each in settlement.decided]


def test_of_two_objects_for_the_last_bytes_the_first_is_reserved() -> None:
    found = settled(delivery(observed(size=60)), delivery(observed(size=60, key=OTHER_KEY)))
    assert states(found) == [("reserved", 1), ("rejected", 1)]
    assert taken(found) == 60


def test_the_times_of_a_batch_tell_which_word_about_an_account_was_the_last() -> None:
    found = settled(delivery(observed(size=60)), delivery(deleted()), delivery(observed(size=50, key=OTHER_KEY)))
    told = [(each.decision.decided_at, each.decision.used_bytes) for each in found.decided]
    assert told == [(NOW, 60), (NOW + MOMENT, 0), (NOW + 2 * MOMENT, 50)]


def test_bytes_given_back_within_a_batch_can_be_reserved_in_it() -> None:
    found = settled(delivery(observed(size=60)), delivery(deleted()), delivery(observed(size=60, key=OTHER_KEY)))
    assert states(found) == [("reserved", 1), ("released", 2), ("reserved", 1)]
    assert taken(found) == 60
    assert [(write.row.version, write.replaces) for write in found.writes] == [(2, 0), (1, 0)]


def test_a_decision_replaced_within_its_batch_is_kept_for_its_replay() -> None:
    found = settled(delivery(observed("a", at=1), 5), delivery(observed("b", 20, at=2), 6))
    assert [(row.etag, row.version, row.origin.offset) for row in found.superseded] == [("a", 1, 5)]
    assert [write.row.etag for write in found.writes] == ["b"]


def test_an_account_serves_what_follows_its_registration_and_not_what_came_before() -> None:
    found = settled(
        delivery(observed(size=1)), delivery(registered()), delivery(observed(size=2, key=OTHER_KEY)), used=None
    )
    assert states(found) == [("rejected", 1), ("reserved", 1)]
    assert (found.opened, taken(found)) == ({USER: 100}, 2)


def test_who_is_registered_already_keeps_the_account() -> None:
    found = settled(delivery(registered(limit=7)), used=5)
    assert (found.opened, found.writes, found.decided) == ({}, (), ())


def test_the_first_of_two_registrations_counts() -> None:
    assert settled(delivery(registered(3)), delivery(registered(4)), used=None).opened == {USER: 3}


def test_the_record_that_decided_emits_again_with_its_own_trace_and_changes_nothing() -> None:
    row = reserved()
    again: Delivery[Fact] = Delivery(observed(), row.origin, "00-trace")
    found = settled(again, used=10, rows=(row,))
    assert found == Settlement({}, (), (), (Decided(row, "00-trace"),))


def test_the_record_of_a_replaced_decision_emits_it_again() -> None:
    first = reserved()
    found = settled(delivery(observed("b", 20, at=101), 6), Delivery(observed(), first.origin), used=10, rows=(first,))
    assert states(found) == [("reserved", 2), ("reserved", 1)]
    assert taken(found, first) == 10
    second = replace(reserved("b", 20, 101, 2), origin=ORIGIN)
    stored = settled(Delivery(observed(), first.origin), used=20, rows=(second,), before=(first,))
    assert stored == Settlement({}, (), (), (Decided(first),))


def test_a_duplicate_by_another_record_is_silent_and_keeps_its_decider() -> None:
    found = settled(delivery(observed(at=150)), used=10, rows=(reserved(),))
    assert found.decided == ()
    assert [(write.row.observed_ns, write.row.origin, write.replaces) for write in found.writes] == [
        (150, reserved().origin, 1)
    ]


ASKED = [observed(asked=True), observed("z", at=99, asked=True), absent(at=99, asked=True)]
REMINDED = replace(deleted(), asked=True)
"""What decides nothing about a key whose newest bytes are those of 100, whatever its row says."""


@pytest.mark.parametrize("row", [reserved(), rejected(), released()])
@pytest.mark.parametrize("fact", ASKED)
def test_who_asks_hears_the_last_decision_again_and_nothing_is_written(fact: Fact, row: Reservation) -> None:
    asking = replace(delivery(fact), traceparent="00-trace")
    assert settled(asking, used=10, rows=(row,)) == Settlement({}, (), (), (Decided(row, "00-trace"),))


@pytest.mark.parametrize("row", [rejected(), released()])
def test_who_misses_an_object_hears_of_its_tombstone(row: Reservation) -> None:
    assert settled(delivery(absent(at=999, asked=True)), rows=(row,)).decided == (Decided(row),)


@pytest.mark.parametrize("row", [rejected(), released()])
def test_who_reminds_of_a_deletion_hears_that_the_bytes_are_free(row: Reservation) -> None:
    assert settled(delivery(REMINDED), rows=(row,)) == Settlement({}, (), (), (Decided(row),))


def test_a_reminder_of_a_deletion_that_nobody_heard_of_is_the_deletion() -> None:
    assert states(settled(delivery(REMINDED), used=10, rows=(reserved(),))) == [("released", 2)]


def test_who_misses_an_object_that_nobody_decided_about_hears_nothing() -> None:
    assert settled(delivery(absent(asked=True))) == Settlement({}, (), (), ())


def test_a_question_hears_what_was_decided_a_moment_before_in_its_batch() -> None:
    found = settled(delivery(absent(at=1, asked=True)), delivery(observed()), delivery(observed(asked=True)))
    assert [each.decision for each in found.decided] == [write.row for write in found.writes] * 2


def test_a_later_look_at_the_same_bytes_moves_their_time_and_is_answered() -> None:
    found = settled(delivery(observed(at=150, asked=True)), used=10, rows=(row := reserved(),))
    moved = replace(row, observed_ns=150)
    assert [write.row for write in found.writes] == [moved]
    assert found.decided == (Decided(moved),)
    late = settled(delivery(observed(at=150, asked=True)), delivery(absent(at=140)), used=10, rows=(row,))
    assert states(late) == [("reserved", 1)]


def test_a_question_that_decides_is_answered_once() -> None:
    found = settled(delivery(observed("b", 20, at=101, asked=True)), used=10, rows=(reserved(),))
    assert states(found) == [("reserved", 2)]


def test_late_bytes_that_somebody_sees_are_rejected_anew() -> None:
    found = settled(delivery(observed(at=101, asked=True)), rows=(released(),))
    assert states(found) == [("rejected", 3)]


@pytest.mark.parametrize("fact", [observed(), observed("z", at=99), absent(at=99), deleted()])
def test_what_nobody_asks_is_told_once(fact: Fact) -> None:
    assert settled(delivery(fact), rows=(rejected(),)).decided == ()


def test_a_removal_of_an_earlier_incarnation_arriving_late_releases_nothing() -> None:
    found = settled(delivery(observed(at=300)), delivery(absent(at=200)), used=10, rows=(reserved(at=100),))
    assert found.decided == ()


def test_what_fits_exactly_after_a_difference_is_reserved() -> None:
    found = settled(delivery(observed("b", 50, at=101)), used=60, rows=(row := reserved(size=10),))
    assert states(found) == [("reserved", 2)]
    assert taken(found, row) == 40
