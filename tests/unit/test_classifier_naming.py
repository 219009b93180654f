from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.classifier.naming import MAX_FOLDED, distinct, fold, refusal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Invoices", "INVOICES"),
        ("  two   words ", "Two\u3000Words"),
        ("Straße", "STRASSE"),
        ("ẞ", "ss"),
        ("İstanbul", "i̇stanbul"),
        ("ΣΟΦΟΣ", "σοφος"),
        ("σοφός", "σοφόσ"),
        ("\uff26\uff55\uff4c\uff4c", "full"),
        ("ﬁle", "FILE"),
        ("é", "e\u0301"),
        ("\u2168", "ix"),
        ("Kelvin", "\u212aelvin"),
        ("\u202einvoices", "invoices"),
        ("in\u200bvoices", "invoices"),
        ("❤\ufe0f", "❤"),
    ],
)
def test_names_that_look_alike_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("résumé", "resume"), ("a b", "ab"), ("\u0131", "i"), ("文書", "文书"), ("😀", "😃")]
)
def test_names_that_read_differently_are_two(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text(max_size=50))
def test_a_folded_name_folds_to_itself(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@given(st.text(max_size=100))
def test_a_name_is_folded_or_refused_and_never_neither(name: str) -> None:
    assert (refusal(name) is None) == (1 <= len(fold(name)) <= MAX_FOLDED)


@pytest.mark.parametrize("name", ["\u200b", "\u202e", "\u2060 \ufe0f", "\ufdfa" * 100])
def test_a_name_that_nobody_sees_or_that_is_a_page_is_refused(name: str) -> None:
    assert refusal(name)


def test_of_keywords_that_are_one_the_first_is_kept() -> None:
    assert distinct(["Due date", "invoice", "DUE  DATE", "\u200b", "Invoice"]) == ["Due date", "invoice"]
