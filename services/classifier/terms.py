"""The words that tell a text from others, for naming groups of documents. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from services.classifier.modes.words import folded, is_unspaced, stemmer, words
from services.classifier.stop_words import STOP_WORDS

MOST_TERMS = 20
MOST_CHARACTERS = 50_000
"""What is looked at of a text."""
_CANDIDATES = 80
"""The most frequent words, whose forms are then counted as one."""
_LEAST, _LONGEST = 3, 30
"""Characters of a word that is a term."""


def terms_of(text: str, language: str | None = None) -> tuple[str, ...]:
    """At most MOST_TERMS of the text's words, the most frequent first, the earlier one of two that are as frequent.

    Folded, without stop words, numbers and what looks like a code; of several forms of a word the most frequent. Of a
    script without spaces pairs of characters.
    """
    found = Counter(_candidates(folded(text[:MOST_CHARACTERS])[:MOST_CHARACTERS], language))
    return tuple(_one_form(found.most_common(_CANDIDATES), language)[:MOST_TERMS])


def _candidates(plain: str, language: str | None) -> Iterator[str]:
    stop = STOP_WORDS.get(language or "", _ANY_STOP_WORD)
    for word in words(plain):
        if is_unspaced(word[0]):
            yield from _pairs(word)
        elif _LEAST <= len(word) <= _LONGEST and word not in stop and not any(map(str.isdigit, word)):
            yield word


def _pairs(run: str) -> Iterator[str]:
    """Two characters each: most Chinese words are that long, and no list of them is needed."""
    return (first + second for first, second in pairwise(run) if is_unspaced(second))


def _one_form(counted: Iterable[tuple[str, int]], language: str | None) -> list[str]:
    """The words, forms of one added up, by how often they occur; in the order of the text where as often."""
    stem, forms, total = stemmer(language), dict[str, str](), Counter[str]()
    for word, times in counted:
        forms.setdefault(stem(word), word)
        total[stem(word)] += times
    return [forms[each] for each, _ in total.most_common()]


_ANY_STOP_WORD = frozenset().union(*STOP_WORDS.values())
