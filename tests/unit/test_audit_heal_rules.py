"""What an audit that heals says of each key that differs, what it does not say, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.ops.audit_heal_rules import Remark, Word, is_lost, refusal, remark, sayings, word_of
from deploy.ops.audit_model import Account, Check, Difference, Document, Holding, Reservation, StoredObject
from deploy.ops.audit_rules import Auditor
from tests.unit.test_audit_rules import HOUR, USER, held, key

ACCOUNT = Account(USER, 10, 100)


def document(status: str, version: int = 1, reason: str | None = None) -> Document:
    return Document(key(3), "d", status, 10, "e", 9 * HOUR, reason, version)


def reserved(version: int = 1, etag: str = "e") -> Reservation:
    return Reservation(key(3), "reserved", 10, etag, version=version)


def tombstone(state: str, version: int = 2) -> Reservation:
    return Reservation(key(3), state, 0, "e", version=version)


WHOLE = replace(held(3), account=ACCOUNT, document=document("uploaded"), reservation=reserved())
"""Stored, paid for, uploaded: nothing differs."""
DELETED = document("deleted", reason="document_deleted")
ABANDONED = document("deleted", 0, "abandoned")
PENDING = document("pending", 0)
PRESENT = [
    replace(WHOLE, reservation=None, document=PENDING),
    replace(WHOLE, reservation=None, document=ABANDONED),
    replace(WHOLE, document=PENDING),
    replace(WHOLE, stored=StoredObject(key(3), 11, "other")),
    replace(WHOLE, reservation=tombstone("rejected"), document=None),
    replace(WHOLE, reservation=tombstone("rejected"), document=PENDING),
    replace(WHOLE, reservation=tombstone("released"), document=DELETED),
    replace(WHOLE, reservation=tombstone("rejected"), account=None),
]
ABSENT = [
    replace(WHOLE, stored=None),
    replace(WHOLE, stored=None, document=PENDING),
    replace(WHOLE, stored=None, document=None),
    replace(WHOLE, stored=None, document=PENDING, reservation=tombstone("rejected")),
    replace(WHOLE, stored=None, document=document("uploaded"), reservation=tombstone("released")),
]
BY_ITS_OWNER = [
    replace(WHOLE, document=DELETED),
    replace(WHOLE, document=DELETED, stored=None),
    replace(WHOLE, document=DELETED, reservation=None),
    replace(WHOLE, document=document("deleted", 9, "document_deleted")),
]
NOTHING = [
    replace(WHOLE, document=None),
    replace(WHOLE, document=None, reservation=None),
    replace(WHOLE, reservation=None),
    replace(WHOLE, document=document("uploaded", 2)),
    replace(WHOLE, document=document("rejected", 2, "over_quota")),
    replace(WHOLE, document=document("uploaded", 2), stored=None),
    replace(WHOLE, reservation=None, document=PENDING, account=None),
    replace(WHOLE, account=None, stored=None),
    replace(WHOLE, reservation=None, stored=None),
    replace(WHOLE, reservation=None, stored=None, document=PENDING),
    Holding("backup/readme.txt", stored=StoredObject("backup/readme.txt", 7, "x")),
]


@pytest.mark.parametrize(
    ("holding", "word"),
    [
        *((each, Word.PRESENT) for each in PRESENT),
        *((each, Word.ABSENT) for each in ABSENT),
        *((each, Word.DELETED) for each in BY_ITS_OWNER),
        *((each, None) for each in NOTHING),
    ],
)
def test_what_is_said_of_a_key(holding: Holding, word: Word | None) -> None:
    assert word_of(holding) is word


@pytest.mark.parametrize(
    ("holding", "why", "command"),
    [
        (NOTHING[0], "its user is charged for it", "docuvault recover"),
        (NOTHING[1], "its user would be charged for it", "docuvault recover"),
        (NOTHING[2], "heard decision 1 of a ledger that has made 0", "docuvault recover"),
        (NOTHING[3], "heard decision 2 of a ledger that has made 1", "docuvault recover"),
        (NOTHING[6], "its user has no account", f"make -s token USER={USER}"),
    ],
)
def test_what_would_be_answered_in_ignorance_is_refused_with_the_command_for_it(
    holding: Holding, why: str, command: str
) -> None:
    found = refusal(holding)
    assert found is not None
    assert why in found.why
    assert found.command.startswith(command)


def differing(holding: Holding, check: Check = Check.PAID) -> Difference:
    return Difference(check, "differs", USER, holding.key, 1, holding)


def test_a_key_is_spoken_of_once_for_its_first_difference() -> None:
    first = replace(differing(PRESENT[0], Check.OBJECTS), what="the first")
    (said,) = sayings([first, differing(PRESENT[0]), differing(NOTHING[0])], most_lost=100)
    assert (said.word, said.difference.what, said.holding) == (Word.PRESENT, "the first", PRESENT[0])


def lost(number: int) -> Difference:
    return differing(replace(held(number), stored=None, account=ACCOUNT))


def test_where_too_many_objects_are_gone_none_of_them_is_said_absent_and_all_else_is() -> None:
    found = [lost(4), lost(5), differing(PRESENT[0]), differing(replace(ABSENT[3], key=key(6)))]
    assert [each.word for each in sayings(found, most_lost=2)] == [Word.ABSENT] * 2 + [Word.PRESENT, Word.ABSENT]
    few = sayings(found, most_lost=1)
    assert [each.word for each in few] == [Word.PRESENT, Word.ABSENT]
    assert not any(is_lost(each.holding) for each in few)


@pytest.mark.parametrize(
    ("difference", "why", "command"),
    [
        (differing(NOTHING[-1]), "no document's", "docuvault reconcile --remove-foreign"),
        (differing(NOTHING[0]), "its user is charged", "docuvault recover"),
        (differing(NOTHING[8]), "heard decision 1 of a ledger that has made 0", "docuvault recover"),
        (differing(PRESENT[0]), "it was said", f"docuvault explain --key {key(3)}"),
        (lost(3), "7 objects are gone", "docuvault audit --fix --missing 7"),
        (differing(WHOLE, Check.LIMITS), "raise the limit", f"docuvault explain --user {USER}"),
        (differing(NOTHING[9], Check.WAITING), "the sweep", "docuvault sweep"),
        (Difference(Check.REST, "waits"), "not read", "docuvault status"),
        (Difference(Check.TOTALS, "sums", USER), "a line of its own", f"docuvault explain --user {USER}"),
        (Difference(Check.TOTALS, "sums", "broken"), "a decision is lost", "python -m services.quota drift"),
    ],
)
def test_what_is_left_says_why_and_which_command_is_for_it(difference: Difference, why: str, command: str) -> None:
    found = remark(difference, 7, {"broken": "a decision is lost"})
    assert isinstance(found, Remark)
    assert why in found.why
    assert found.command.startswith(command)


def test_a_difference_knows_the_account_of_its_keys_user() -> None:
    auditor = Auditor(HOUR)
    for holding in (Holding(USER, account=ACCOUNT), replace(held(3), stored=None)):
        auditor.see(holding)
    found = auditor.report().differences
    assert [each.holding.account for each in found if each.holding] == [ACCOUNT, ACCOUNT]
