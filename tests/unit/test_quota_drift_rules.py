"""Which rows of the ledger are believed: those that its rules write, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from docuvault_contracts.events import INT64_MAX

from services.quota.drift_rules import Drift, Entry, Proof, fault_of
from tests.unit.quota_facts import DOCUMENT, KEY, USER

OTHER = DOCUMENT
"""A user that the key does not name."""
RESERVED = Entry(KEY, DOCUMENT, USER, "reserved", 1, 10, 0, 0, "a", 100, None, last=True)
REJECTED: dict[str, Any] = {"state": "rejected", "size_bytes": 0, "rejected_bytes": 7, "reason": "over_quota"}
RELEASED: dict[str, Any] = {"state": "released", "size_bytes": 0, "reason": "document_deleted"}


def history(*changes: dict[str, Any]) -> list[Entry]:
    """One decision for each of `changes`, of the versions 1, 2, …, the last one last."""
    count = len(changes)
    return [replace(RESERVED, **{"version": n, "last": n == count} | each) for n, each in enumerate(changes, 1)]


WHOLE = [
    history({}),
    history({"size_bytes": 0}),
    history(REJECTED),
    history(RELEASED | {"etag": None, "observed_ns": 0}),
    history({}, {"size_bytes": 30, "etag": "b"}, RELEASED | {"released_bytes": 30, "etag": "b"}),
    history({}, REJECTED | {"released_bytes": 10}, REJECTED | {"reason": "already_rejected"}),
    history(RELEASED | {"etag": None, "observed_ns": 0}, REJECTED | {"reason": "document_deleted"}),
]
FAULTY = [
    (history({}, {})[:1], "its last decision is lost"),
    (history({}, {}, {})[1:], "decision 1 is lost"),
    ([*history({}, {}, {})[:1], *history({}, {}, {})[2:]], "decision 2 is lost"),
    ([replace(RESERVED, last=False), RESERVED], "decision 2 is lost, or made twice"),
    ([RESERVED, replace(RESERVED, version=2, last=False)], "its last decision is lost"),
    (history({"user_id": OTHER}), "another than the key's owner"),
    (history({"document_id": USER}), "another than the key's owner"),
    (history({"size_bytes": -1}), "below 0"),
    (history({"observed_ns": -1}), "below 0"),
    (history({"state": "pending"}), "no whole decision of the state pending"),
    (history({"etag": None}), "no whole decision"),
    (history({"reason": "over_quota"}), "no whole decision"),
    (history({"rejected_bytes": 1}), "no whole decision"),
    (history({"released_bytes": 1}), "no whole decision"),
    (history(REJECTED | {"size_bytes": 1}), "no whole decision"),
    (history(REJECTED | {"etag": None}), "no whole decision"),
    (history(REJECTED | {"reason": None}), "no whole decision"),
    (history(RELEASED | {"size_bytes": 1}), "no whole decision"),
    (history(RELEASED | {"rejected_bytes": 1}), "no whole decision"),
    (history(RELEASED | {"reason": "over_quota"}), "no whole decision"),
    (history({}, {"observed_ns": 99}), "decision 2 goes back in time"),
    (history(REJECTED, {}), "decision 2 brings a tombstone to life"),
    (history(REJECTED, RELEASED), "decision 2 brings a tombstone to life"),
    (history({}, RELEASED | {"released_bytes": 9}), "gave 9 bytes back, and the one before it held 10"),
    (history({}, REJECTED), "gave 0 bytes back, and the one before it held 10"),
    (history(REJECTED | {"released_bytes": 5}), "gave 5 bytes back, and the one before it held 0"),
]


@pytest.mark.parametrize("entries", WHOLE)
def test_what_the_rules_write_is_believed(entries: list[Entry]) -> None:
    assert fault_of(entries) is None


@pytest.mark.parametrize(("entries", "fault"), FAULTY)
def test_what_no_rule_writes_is_not(entries: list[Entry], fault: str) -> None:
    found = fault_of(entries)
    assert found is not None
    assert fault in found


def verdict(used: int | None, *histories: Sequence[Entry]) -> Drift | None:
    proof = Proof(USER, used)
    for each in histories:
        proof.see(each)
    return proof.verdict()


def test_a_total_that_agrees_is_no_drift_whatever_else_is_wrong() -> None:
    assert verdict(10, history({})) is None
    assert verdict(0) is None
    assert verdict(None, history(REJECTED)) is None
    assert verdict(10, FAULTY[1][0]) is None


def test_a_total_that_differs_from_whole_histories_may_be_repaired() -> None:
    found = verdict(31, history({}), history({}, {"size_bytes": 20}), history({}, REJECTED | {"released_bytes": 10}))
    assert found == Drift(USER, 31, 30, 3)
    assert found.why == "used_bytes was 31, the rows of 3 keys add up to 30, and the history of each key is whole"


def test_one_key_that_cannot_be_believed_refuses_the_repair_and_is_named() -> None:
    found = verdict(31, history({}), history({}, {})[:1], history(REJECTED, {}))
    assert found == Drift(
        USER, 31, 20, 3, f"but 2 of them cannot be believed, the first is {KEY}: its last decision is lost"
    )


def test_what_another_users_key_holds_is_counted_at_whose_expense_it_is_and_refuses_both() -> None:
    stolen = history({"user_id": OTHER})
    assert verdict(1, stolen) == Drift(USER, 1, 0, 1, found_fault(stolen))
    payer = Proof(OTHER, 0)
    payer.see(stolen)
    assert payer.verdict() == Drift(OTHER, 0, 10, 1, found_fault(stolen))


def found_fault(entries: Sequence[Entry]) -> str:
    return f"but 1 of them cannot be believed, the first is {KEY}: {fault_of(entries)}"


def test_a_sum_that_no_account_can_hold_is_refused() -> None:
    largest = history({"size_bytes": INT64_MAX})
    assert verdict(5, largest) == Drift(USER, 5, INT64_MAX, 1)
    found = verdict(5, largest, history({"size_bytes": 1}))
    assert found is not None
    assert found.refusal == "which is more than an account can hold"


def test_bytes_of_a_user_without_an_account_are_refused() -> None:
    found = verdict(None, history({}))
    assert found is not None
    assert found.refusal == "but there is no account: set the user's limit, which opens one, then repair it"
