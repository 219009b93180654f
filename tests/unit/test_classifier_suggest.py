"""Clusters of vectors as a language model makes them: all in one narrow cone, those of a kind a little closer."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.suggest import (
    LEAST_DOCUMENTS,
    MOST_SUGGESTIONS,
    Matrix,
    centre,
    clusters,
    name_of,
    suggest,
    telling,
)

DIMENSION = 64
WORDS = ("invoice", "recipe", "patient", "flight", "lease", "garden", "court", "engine", "violin", "planet")


def documents(*sizes: int, seed: int = 7, noise: float = 0.5) -> tuple[Matrix, list[list[str]], list[int]]:
    """So many documents of each kind, mixed, with their terms and their kinds."""
    chance = np.random.default_rng(seed)
    kinds = [kind for kind, size in enumerate(sizes) for _ in range(size)]
    chance.shuffle(kinds)
    middles, cone = chance.normal(size=(len(sizes), DIMENSION)), 3 * chance.normal(size=DIMENSION)
    vectors = cone + middles[kinds] + noise * chance.normal(size=(len(kinds), DIMENSION))
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit, [[WORDS[kind], "report", f"detail{place}"] for place, kind in enumerate(kinds)], kinds


def test_documents_of_a_kind_become_one_suggestion_the_largest_first() -> None:
    vectors, terms, kinds = documents(9, 5, 7)
    found = suggest(vectors, terms)
    assert [each.name for each in found] == ["Invoice", "Patient", "Recipe"]
    assert [{kinds[place] for place in each.members} for each in found] == [{0}, {2}, {1}]
    assert [len(each.members) for each in found] == [9, 7, 5]


def test_a_word_that_all_documents_have_names_nothing() -> None:
    vectors, terms, _ = documents(6, 6)
    assert all("report" not in each.keywords for each in suggest(vectors, terms))


def test_the_same_documents_always_suggest_the_same() -> None:
    vectors, terms, _ = documents(8, 8, 4)
    assert suggest(vectors, terms) == suggest(vectors.copy(), [list(words) for words in terms])


def test_a_name_that_is_taken_is_not_suggested() -> None:
    vectors, terms, _ = documents(6, 6)
    assert [each.name for each in suggest(vectors, terms, {"INVOICE"})] == ["Recipe"]


@pytest.mark.parametrize("count", range(LEAST_DOCUMENTS))
def test_too_few_documents_suggest_nothing(count: int) -> None:
    vectors, terms, _ = documents(LEAST_DOCUMENTS)
    assert suggest(vectors[:count], terms[:count]) == []


def test_documents_that_are_all_the_same_suggest_nothing() -> None:
    vectors, terms, _ = documents(1)
    assert suggest(np.repeat(vectors, 10, axis=0), terms * 10) == []


def test_documents_without_terms_have_no_name_and_are_not_suggested() -> None:
    vectors, _, _ = documents(6, 6)
    assert suggest(vectors, [[]] * 12) == []


def test_there_are_never_more_suggestions_than_a_person_reads() -> None:
    vectors, terms, _ = documents(*[5] * 10)
    assert len(suggest(vectors, terms)) == MOST_SUGGESTIONS


def test_the_most_typical_document_comes_first() -> None:
    vectors, terms, _ = documents(6, 6)
    found = suggest(vectors, terms)[0]
    centred = centre(vectors)
    middle = centred[list(found.members)].mean(axis=0)
    near = [float(centred[place] @ middle) for place in found.members]
    assert near == sorted(near, reverse=True)


def test_a_name_is_made_longer_where_a_shorter_one_is_taken() -> None:
    assert name_of(["due", "amount", "bank"], {"due, amount"}) == "Due, amount, bank"
    assert name_of(["due"], {"due"}) is None
    assert name_of([], set()) is None


def test_a_word_of_one_document_tells_of_no_group() -> None:
    assert telling([0, 1, 2], [["a", "b"], ["a"], ["c"], ["c"]]) == ["a"]


def test_five_hundred_documents_take_less_than_a_second() -> None:
    vectors, terms, _ = documents(*[50] * 10)
    began = time.perf_counter()
    suggest(vectors, terms)
    clusters(centre(vectors), -2.0)  # down to one, which is the most that can be merged
    assert time.perf_counter() - began < 2


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 12), st.integers(0, 2**32 - 1))
def test_whatever_vectors_come_no_document_is_in_two_suggestions(count: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    vectors = chance.normal(size=(count, 8)).astype(np.float32)
    found = suggest(vectors, [[WORDS[place % 3]] for place in range(count)])
    places = [place for each in found for place in each.members]
    assert len(places) == len(set(places))
    assert all(len(each.members) >= LEAST_DOCUMENTS for each in found)
