"""What of a text the model sees."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.modes.chunks import chunks


def windows(text: str, most: int = 3, tokens: int = 20) -> list[str]:
    return [chunk.text for chunk in chunks(text, most, tokens)]


def test_a_short_text_is_one_window() -> None:
    assert windows("Please pay within\n 14 days.") == ["Please pay within 14 days."]


@pytest.mark.parametrize("blank", ["", "  \n\t ", "\0\0", "\u3000"])
def test_a_blank_text_has_no_window(blank: str) -> None:
    assert windows(blank) == []


def test_a_text_that_fits_is_covered_whole() -> None:
    words = [f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    assert " ".join(windows(" ".join(words), most=8)).split() == words


def test_of_a_long_text_the_beginning_and_places_spread_over_the_rest_are_seen() -> None:
    words = [f"{'abcdefghij'[at // 1000]}{'word' * 2}" for at in range(10_000)]
    assert [window[0] for window in windows(" ".join(words))] == ["a", "c", "h"]


def test_windows_do_not_cut_words() -> None:
    text = " ".join(["invoice"] * 5000)
    assert {word for window in windows(text) for word in window.split()} == {"invoice"}


@pytest.mark.parametrize("letter", ["a", "漢", "あ", "ก", "7", "한"])
def test_a_text_without_spaces_is_cut_to_about_as_many_tokens(letter: str) -> None:
    found = chunks(letter * 100_000, 3, 20)
    assert len(found) == 3
    assert all(20 <= chunk.tokens <= 21 for chunk in found)


def test_ideographs_weigh_more_than_letters() -> None:
    assert len(windows("漢" * 1000)[0]) < len(windows("a" * 1000)[0]) / 2


@settings(deadline=None)
@given(st.text(max_size=3000), st.integers(1, 5), st.integers(1, 60))
def test_windows_are_few_not_empty_and_bounded(text: str, most: int, tokens: int) -> None:
    found = chunks(text, most, tokens)
    assert len(found) <= most
    assert all(chunk.text.strip() for chunk in found)
    assert all(chunk.tokens <= tokens + 41 for chunk in found)


@settings(deadline=None)
@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=2000), st.integers(1, 5))
def test_windows_come_in_the_order_of_the_text_and_do_not_overlap(text: str, most: int) -> None:
    plain, at = " ".join(text.split()), 0
    for chunk in chunks(text, most, 15):
        at = plain.index(chunk.text, at) + len(chunk.text)
