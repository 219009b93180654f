"""The words that tell a text from others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.terms import MOST_TERMS, terms_of


def test_the_most_frequent_words_come_first_and_forms_of_one_are_one() -> None:
    text = "The invoice of May. Two invoices are open; an invoice was paid. Garden work, garden tools."
    assert terms_of(text, "en")[:2] == ("invoice", "garden")


@pytest.mark.parametrize(
    ("language", "text", "out"),
    [
        ("en", "the and for with that invoice", ("invoice",)),
        ("de", "der die das und nicht Rechnung", ("rechnung",)),
        ("fr", "les des une dans pour facture", ("facture",)),
        ("ru", "что как это для договор", ("договор",)),
        (None, "the und les договор", ("договор",)),
    ],
)
def test_stop_words_are_no_terms(language: str | None, text: str, out: tuple[str, ...]) -> None:
    assert terms_of(text, language) == out


def test_numbers_codes_and_short_words_are_no_terms() -> None:
    assert terms_of("2024 no 4f3a9c 88-20417 x " + "z" * 40 + " kettle", "en") == ("kettle",)


def test_of_chinese_they_are_pairs_of_characters() -> None:
    assert terms_of("发票号码。发票金额。", "zh")[0] == "发票"


@settings(deadline=None)
@given(st.text(max_size=3000), st.sampled_from(["en", "de", "zh", None]))
def test_they_are_few_different_and_the_same_each_time(text: str, language: str | None) -> None:
    found = terms_of(text, language)
    assert len(found) <= MOST_TERMS
    assert len(set(found)) == len(found)
    assert found == terms_of(text, language)


def test_a_long_text_takes_no_longer_than_its_beginning() -> None:
    assert terms_of("kettle " * 10_000 + "garden " * 1_000_000, "en") == ("kettle",)
