"""The decision table, row by row."""

from __future__ import annotations

import pytest

from services.quota.decide import judge
from services.quota.model import Reservation
from tests.unit.quota_facts import NOW, ORIGIN, absent, deleted, observed, page, rejected, released, reserved


def outcome(row: Reservation | None) -> tuple[object, ...] | None:
    """State, version, held, refused and freed bytes, reason."""
    if row is None:
        return None
    return (row.state, row.version, row.size_bytes, row.rejected_bytes, row.released_bytes, row.reason)


def test_an_object_that_fits_is_reserved() -> None:
    row = judge(observed(size=30), page(used=70))
    assert row == Reservation(
        observed().object_key, observed().document_id, observed().user_id,
        "reserved", 1, 30, 0, 0, "a", 100, None, 100, 100, NOW, ORIGIN,
    )  # fmt: skip


def test_an_object_one_byte_too_large_is_rejected_and_charges_nothing() -> None:
    row = judge(observed(size=31), page(used=70))
    assert outcome(row) == ("rejected", 1, 0, 31, 0, "over_quota")
    assert row is not None
    assert (row.used_bytes, row.limit_bytes) == (70, 100)


def test_an_object_of_no_bytes_fits_a_full_account() -> None:
    assert outcome(judge(observed(size=0), page(used=100))) == ("reserved", 1, 0, 0, 0, None)


@pytest.mark.parametrize("size", [0, 1])
def test_without_an_account_every_object_is_refused_with_zeros(size: int) -> None:
    row = judge(observed(size=size), page(account=False))
    assert outcome(row) == ("rejected", 1, 0, size, 0, "over_quota")
    assert row is not None
    assert (row.used_bytes, row.limit_bytes) == (0, 0)


def test_the_same_object_at_the_same_time_is_a_duplicate() -> None:
    assert judge(observed(), page(reserved(), used=10)) is None


def test_the_same_object_seen_later_decides_nothing_but_moves_the_time() -> None:
    row = judge(observed(at=150), page(reserved(at=100), used=10))
    assert row == reserved(at=150)


def test_an_older_observation_is_ignored() -> None:
    assert judge(observed("b", 20, at=99), page(reserved(at=100), used=10)) is None


@pytest.mark.parametrize("at", [100, 101])
def test_other_bytes_under_the_same_key_are_charged_by_the_difference(at: int) -> None:
    row = judge(observed("b", 25, at=at), page(reserved(size=10), used=60))
    assert outcome(row) == ("reserved", 2, 25, 0, 0, None)
    assert row is not None
    assert (row.used_bytes, row.etag, row.observed_ns) == (75, "b", at)


def test_a_smaller_object_gives_the_difference_back_even_above_a_lowered_limit() -> None:
    row = judge(observed("b", 4, at=101), page(reserved(size=10), used=60, limit=20))
    assert outcome(row) == ("reserved", 2, 4, 0, 0, None)
    assert row is not None
    assert row.used_bytes == 54


def test_other_bytes_that_do_not_fit_are_refused_and_the_old_ones_released() -> None:
    row = judge(observed("b", 51, at=101), page(reserved(size=10), used=60))
    assert outcome(row) == ("rejected", 2, 0, 51, 10, "over_quota")
    assert row is not None
    assert row.used_bytes == 50


def test_on_a_tie_what_was_replaced_already_stays_replaced() -> None:
    meets = page(reserved("b", at=100, version=2), used=10, superseded=(reserved("a", at=100),))
    assert judge(observed("a", at=100), meets) is None
    assert judge(observed("c", at=100), meets) is not None


def test_an_absence_that_is_newer_releases_a_reservation() -> None:
    row = judge(absent(at=101), page(reserved(size=10), used=60))
    assert outcome(row) == ("released", 2, 0, 0, 10, "object_removed")
    assert row is not None
    assert (row.used_bytes, row.etag, row.observed_ns) == (50, "a", 100)


@pytest.mark.parametrize("at", [99, 100])
def test_an_absence_that_is_not_newer_is_ignored(at: int) -> None:
    assert judge(absent(at=at), page(reserved(at=100), used=10)) is None


def test_a_removal_that_overtakes_its_creation_leaves_a_tombstone() -> None:
    row = judge(absent(at=200), page(account=False))
    assert outcome(row) == ("released", 1, 0, 0, 0, "object_removed")
    assert row is not None
    assert row.observed_ns == 0


def test_a_look_that_found_nothing_leaves_no_tombstone_since_a_slow_put_may_still_come() -> None:
    assert judge(absent(at=200, asked=True), page()) is None


def test_a_look_at_what_is_recorded_decides_like_a_notification() -> None:
    assert outcome(judge(absent(at=101, asked=True), page(reserved(), used=10))) == (
        "released", 2, 0, 0, 10, "object_removed",
    )  # fmt: skip
    assert judge(observed(at=150, asked=True), page(reserved(at=100), used=10)) == reserved(at=150)


@pytest.mark.parametrize("tombstone", [rejected(), released(), released(reason="object_removed")])
def test_an_absence_says_nothing_new_of_a_tombstone(tombstone: Reservation) -> None:
    assert judge(absent(at=999), page(tombstone)) is None


def test_a_deleted_document_releases_its_bytes() -> None:
    row = judge(deleted(), page(reserved(size=10), used=60))
    assert outcome(row) == ("released", 2, 0, 0, 10, "document_deleted")
    assert row is not None
    assert row.used_bytes == 50


def test_a_release_never_takes_an_account_below_zero() -> None:
    row = judge(deleted(), page(reserved(size=10), used=3))
    assert row is not None
    assert row.used_bytes == 0


@pytest.mark.parametrize("tombstone", [rejected(), released(), released(reason="object_removed")])
def test_a_document_is_deleted_once(tombstone: Reservation) -> None:
    assert judge(deleted(), page(tombstone)) is None


def test_a_document_deleted_before_its_bytes_leaves_a_tombstone() -> None:
    row = judge(deleted(), page())
    assert outcome(row) == ("released", 1, 0, 0, 0, "document_deleted")
    assert row is not None
    assert (row.etag, row.observed_ns) == (None, 0)


@pytest.mark.parametrize(
    ("tombstone", "reason"),
    [
        (rejected(), "already_rejected"),
        (rejected(reason="already_rejected"), "already_rejected"),
        (rejected(reason="document_deleted"), "document_deleted"),
        (released(), "document_deleted"),
        (released(reason="object_removed"), "object_removed"),
    ],
)
def test_bytes_that_reach_a_tombstone_are_rejected_with_its_reason(tombstone: Reservation, reason: str) -> None:
    row = judge(observed("b", 1, at=101), page(tombstone, used=60))
    assert outcome(row) == ("rejected", tombstone.version + 1, 0, 1, 0, reason)
    assert row is not None
    assert (row.used_bytes, row.etag, row.observed_ns) == (60, "b", 101)


def test_a_put_that_comes_after_its_document_was_deleted_is_rejected() -> None:
    row = judge(observed(at=1), page(released(at=0, etag=None, version=1)))
    assert outcome(row) == ("rejected", 2, 0, 10, 0, "document_deleted")


@pytest.mark.parametrize("tombstone", [rejected(), released()])
def test_what_a_tombstone_has_seen_or_is_older_is_ignored(tombstone: Reservation) -> None:
    assert judge(observed(at=100), page(tombstone)) is None
    assert judge(observed("b", at=99), page(tombstone)) is None


@pytest.mark.parametrize("tombstone", [rejected(), released()])
def test_the_bytes_a_tombstone_refused_are_refused_again_when_put_again(tombstone: Reservation) -> None:
    assert judge(observed(at=101), page(tombstone)) is not None
    assert judge(observed("b", at=100), page(tombstone)) is not None
