"""Which letters are meant by what an operator says."""

from __future__ import annotations

from uuid import uuid4

import pytest

from deploy.local.errors import StackError
from deploy.ops.dlq.selecting import Range, Selection, age, parse_range, shape
from tests.unit.dlq_letters import NOW, NOW_MS, letter


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("quota/0/12", Range("quota", 0, 12, 12)),
        ("quota/0/12-14", Range("quota", 0, 12, 14)),
        ("a.b-c_d/3/0-0", Range("a.b-c_d", 3, 0, 0)),
    ],
)
def test_a_letter_or_a_range_is_named_by_where_it_lies(text: str, wanted: Range) -> None:
    assert parse_range(text) == wanted
    assert parse_range(str(wanted)) == wanted


@pytest.mark.parametrize(
    "text", ["", "quota", "quota/0", "quota/0/", "quota/x/1", "quota/0/1-", "quota/0/3-1", "a b/0/1"]
)
def test_what_names_no_letter_is_refused(text: str) -> None:
    with pytest.raises(StackError):
        parse_range(text)


def test_letters_of_one_reason_are_alike_whatever_they_are_about() -> None:
    reasons = [f"no row {uuid4()} at offset {number}: etag {uuid4().hex}" for number in (3, 4711)]
    assert {shape(each) for each in reasons} == {"no row <id> at offset <n>: etag <hex>"}
    assert shape("decade of feedbacks") == "decade of feedbacks"


@pytest.mark.parametrize("text", ["KeyError", "no row <id>", "row 1", "\\x1b"])
def test_a_reason_is_found_by_a_part_of_it_or_of_what_the_list_shows(text: str) -> None:
    reason = f"KeyError: no row {uuid4()} row 1 \x1b[2J"
    assert Selection(reason=text).wants(letter(reason=reason))
    assert not Selection(reason=text).wants(letter(reason="another"))


def test_all_that_is_said_must_fit() -> None:
    found = letter(cause="invalid", reason="bad", written_ms=NOW_MS)
    assert Selection(cause="invalid", reason="bad", since_ms=NOW_MS).wants(found)
    assert not Selection(cause="handler", reason="bad").wants(found)
    assert not Selection(cause="invalid", since_ms=NOW_MS + 1).wants(found)
    assert Selection().everything
    assert not Selection(since_ms=0).everything


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(0, "0 s"), (59, "59 s"), (60, "1 m"), (7_199, "1 h"), (86_400 * 3, "3 d"), (-5, "0 s")]
)
def test_an_age_is_told_in_the_largest_unit_that_is_full(seconds: int, wanted: str) -> None:
    assert age(NOW_MS - seconds * 1000, NOW) == wanted


def test_an_age_of_a_time_that_no_calendar_has_is_told_all_the_same() -> None:
    assert age(2**62, NOW) == "0 s"
    assert age(-(2**62), NOW).endswith(" d")
