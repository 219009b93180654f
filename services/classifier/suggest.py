"""Topics that documents suggest by what they have in common: clusters of their vectors, named by their own words. Pure.

Average linkage on the cosine of vectors that are centred first: what all documents of a user share (the narrow cone of
the language model, a letterhead) tells nothing. It needs no number of clusters, and no chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from services.classifier.naming import fold

Matrix = NDArray[np.float32]

LEAST_DOCUMENTS = 3
"""Of a cluster: two may be alike by chance."""
MOST_SUGGESTIONS = 8
LEAST_ALIKE = 0.1
"""Mean cosine between two clusters, centred, at which they are one: below, what is of several kinds falls together."""
LEAST_SHARE = 0.3
"""Of a cluster's documents that a word must be in to name it."""
TIMES_AS_OFTEN = 2
"""Its share of a cluster's documents, of that of the others."""
NAME_WORDS = 2
_NOUGHT = 1e-6
KEYWORDS = 8


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A topic there could be. `members` are places in what was given, the most typical first."""

    name: str
    keywords: tuple[str, ...]
    members: tuple[int, ...]


def suggest(vectors: Matrix, terms: Sequence[Sequence[str]], taken: Collection[str] = ()) -> list[Suggestion]:
    """At most MOST_SUGGESTIONS, the largest first. A cluster that no word tells from the rest has no name, and is none.

    `vectors` are unit vectors, a row a document; `terms` its words, the most telling first; `taken` the names of topics
    that there are, none of which is suggested.
    """
    if len(vectors) < LEAST_DOCUMENTS:
        return []
    centred = centre(vectors)
    found: list[Suggestion] = []
    used = {fold(name) for name in taken}
    for members in clusters(centred):
        words = telling(members, terms)
        name = name_of(words, used)
        if name is not None and len(found) < MOST_SUGGESTIONS:
            used.add(fold(name))
            found.append(Suggestion(name, tuple(words[:KEYWORDS]), typical(members, centred)))
    return found


def centre(vectors: Matrix) -> Matrix:
    """The vectors from their mean, of length one; those at the mean itself stay at nought."""
    moved = vectors - vectors.mean(axis=0)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    lengths[lengths < _NOUGHT] = np.inf
    scaled: Matrix = (moved / lengths).astype(np.float32)
    return scaled


def clusters(centred: Matrix, least_alike: float = LEAST_ALIKE) -> list[list[int]]:
    """Places of those that are alike, at least LEAST_DOCUMENTS each, the largest first. n² memory, n³ time."""
    alike = (centred @ centred.T).astype(np.float32)
    np.fill_diagonal(alike, -np.inf)
    members = [[place] for place in range(len(centred))]
    while True:
        one, other = divmod(int(alike.argmax()), len(centred))
        if not alike[one, other] >= least_alike:
            break
        _merge(alike, members, min(one, other), max(one, other))
    large = [sorted(each) for each in members if len(each) >= LEAST_DOCUMENTS]
    return sorted(large, key=lambda each: (-len(each), each))


def _merge(alike: Matrix, members: list[list[int]], one: int, other: int) -> None:
    """Lance and Williams' step of average linkage: the mean over pairs, from the two means there were."""
    mine, theirs = len(members[one]), len(members[other])
    mean = (alike[one] * mine + alike[other] * theirs) / (mine + theirs)
    alike[one], alike[:, one] = mean, mean
    alike[other], alike[:, other] = -np.inf, -np.inf
    alike[one, one] = -np.inf
    members[one] += members[other]
    members[other] = []


def telling(members: Sequence[int], terms: Sequence[Sequence[str]]) -> list[str]:
    """Words that many of the members have and few others, the most telling first."""
    inside, everywhere = _counts(terms[place] for place in members), _counts(terms)
    others, scores = len(terms) - len(members), dict[str, float]()
    for word, count in inside.items():
        share = count / len(members)
        elsewhere = (everywhere[word] - count + 0.5) / (others + 1)
        if count > 1 and share >= LEAST_SHARE and share >= TIMES_AS_OFTEN * elsewhere:
            scores[word] = share * log(share / elsewhere)
    return sorted(scores, key=lambda word: (-scores[word], word))


def _counts(documents: Iterable[Sequence[str]]) -> Counter[str]:
    return Counter(word for words in documents for word in set(words))


def name_of(words: Sequence[str], used: Collection[str]) -> str | None:
    """The most telling words, as a name that is not used yet; None where there are none."""
    for count in (NAME_WORDS, *range(NAME_WORDS + 1, len(words) + 1)):
        name = ", ".join(words[:count])
        if name and fold(name) not in used:
            return name[:1].upper() + name[1:]
    return None


def typical(members: Sequence[int], centred: Matrix) -> tuple[int, ...]:
    """The members, those nearest to the middle of all of them first."""
    near = centred[list(members)] @ centred[list(members)].mean(axis=0)
    return tuple(members[place] for place in np.argsort(-near, kind="stable"))
