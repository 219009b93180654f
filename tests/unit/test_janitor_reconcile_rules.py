"""What a walk makes of each key: the table of reconcile_rules.py, and ranges of more rows than are read at once."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.storage import Listed
from services.janitor.decide import Ledger, State
from services.janitor.reconcile_rules import (
    Kind,
    Range,
    Row,
    cut,
    differences,
    judge,
    within,
)

USER, DOCUMENT = UUID(int=1), UUID(int=2)
SETTLED = 1_000_000_000
KEY = f"{USER}/{DOCUMENT}/{UUID(int=3)}.pdf"


def key(number: int) -> str:
    return f"{USER}/{UUID(int=number)}/{UUID(int=3)}.pdf"


def stored(name: str = KEY, size: int = 5, etag: str = "e", at: int = SETTLED) -> Listed:
    return Listed(name, size, etag, at)


def heard(
    state: State = State.KEEP, ledger: Ledger | None = Ledger.RESERVED, name: str = KEY, *, long_ago: bool = True
) -> Row:
    etag, size = ("e", 5) if ledger is Ledger.RESERVED else (None, None)
    return Row(name, DOCUMENT, USER, state, ledger, etag, size, long_ago)


NOTHING = heard(ledger=None)
REFUSED = heard(State.REMOVED, Ledger.REJECTED)
DELETED_UNDECIDED = heard(State.REMOVED, None)
RELEASED = heard(State.REMOVED, Ledger.RELEASED)
ORDERED = heard(State.REMOVE, Ledger.REJECTED, long_ago=False)
FORGOTTEN = heard(State.REMOVE, Ledger.REJECTED)


@pytest.mark.parametrize(
    ("there", "row", "kind"),
    [
        (stored(), None, Kind.UNDECIDED),
        (stored(), NOTHING, Kind.UNDECIDED),
        (stored(at=SETTLED + 1), None, None),
        (stored(at=SETTLED + 1), NOTHING, None),
        (stored(), heard(), None),
        (stored(etag="other"), heard(), Kind.DIFFERENT),
        (stored(size=6), heard(), Kind.DIFFERENT),
        (stored(etag="other", at=SETTLED + 1), heard(), None),
        (stored(), REFUSED, Kind.UNWANTED),
        (stored(), RELEASED, Kind.UNWANTED),
        (stored(), DELETED_UNDECIDED, Kind.UNWANTED),
        (stored(at=SETTLED + 1), REFUSED, None),
        (stored(), ORDERED, None),
        (None, ORDERED, None),
        (stored(), FORGOTTEN, Kind.STUCK),
        (stored(at=SETTLED + 1), FORGOTTEN, None),
        (None, FORGOTTEN, Kind.STUCK),
        (None, heard(), Kind.MISSING),
        (None, heard(long_ago=False), Kind.MISSING),
        (None, NOTHING, None),
        (None, REFUSED, None),
        (None, RELEASED, None),
    ],
)
def test_a_key_differs_as_the_table_says(there: Listed | None, row: Row | None, kind: Kind | None) -> None:
    assert judge(KEY, there, row, SETTLED) is kind


@pytest.mark.parametrize("name", ["backup/of/everything", "", f"{KEY}/more", f"x{KEY}", "\x01"])
@pytest.mark.parametrize("at", [0, SETTLED + 1])
def test_a_key_that_is_none_of_ours_is_foreign_however_young(name: str, at: int) -> None:
    assert judge(name, stored(name, at=at), None, SETTLED) is Kind.FOREIGN


def test_both_sides_are_walked_in_the_order_of_the_keys_and_what_is_well_is_not_told() -> None:
    objects = [stored("a foreign key"), *(stored(key(number)) for number in (1, 2, 4))]
    rows = [heard(name=key(2)), heard(name=key(3)), heard(State.REMOVED, Ledger.RELEASED, name=key(4))]
    found = differences(objects, rows, SETTLED)
    assert [(each.object_key, each.kind) for each in found] == [
        (key(1), Kind.UNDECIDED),
        (key(3), Kind.MISSING),
        (key(4), Kind.UNWANTED),
        ("a foreign key", Kind.FOREIGN),
    ]
    assert [(each.stored, each.row) for each in found] == [
        (objects[1], None),
        (None, rows[1]),
        (objects[3], rows[2]),
        (objects[0], None),
    ]


NUMBERS = st.sets(st.integers(1, 30))


@given(NUMBERS, NUMBERS, st.integers(1, 5), st.none() | st.integers(1, 30))
def test_a_range_read_in_parts_differs_as_the_whole_does(
    objects: set[int], rows: set[int], most: int, until: int | None
) -> None:
    there = [stored(key(each)) for each in sorted(objects)]
    known = [heard(name=key(each)) for each in sorted(rows)]
    left: Range | None = Range("", None if until is None else key(until))
    wanted = left
    found = []
    while left is not None:
        some = [row for row in known if row.object_key > left.after and row.object_key <= (left.until or "~")][:most]
        read = cut(left, some, most)
        found += differences([*within(there, read)], some, SETTLED)
        left = None if read is left or read.until is None else Range(read.until, left.until)
    assert wanted is not None
    whole = [row for row in known if row.object_key <= (wanted.until or "~")]
    assert found == differences([*within(there, wanted)], whole, SETTLED)


def test_a_young_object_beside_an_old_reservation_is_left_to_its_notification() -> None:
    assert judge(KEY, stored(etag="newer", at=SETTLED + 1), heard(), SETTLED) is None
