"""What is compared: each makes scores of a set's documents, some also of corrections, the places of documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.eval.measures import Scores
from benchmarks.eval.sets import TopicSet
from services.classifier.modes.keywords import count, score
from services.classifier.modes.scoring import CALIBRATION, KEYWORDS, Calibration, Floats, Lens, prototypes, scores

Corrections = Sequence[Sequence[int]]
"""For each topic the documents that its owner filed there by hand."""


def by_keywords(of: TopicSet, documents: Sequence[int], *, patient: bool = False) -> Scores:
    """The service's keyword mode, with 6 to 8 keywords a topic; with some 14 to 32 of a patient user."""
    more = of.more_keywords if patient else ((),) * len(of.topics)
    keywords = [(*topic.keywords, *others) for topic, others in zip(of.topics, more, strict=True)]
    chosen = [of.documents[at] for at in documents]
    return np.array([[score(hits.values()) for hits in count(d.text, d.language, keywords)] for d in chosen])


def by_tfidf(of: TopicSet, documents: Sequence[int], corrections: Corrections) -> Scores:
    """TF-IDF and logistic regression, trained on the corrections alone, on words or on parts of words.

    Of the two the better one in the mean of all sets, which is parts of words; it is the stronger opponent.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - only the bench environment has it
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    weigh: Any = TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5))
    train = [at for several in corrections for at in several]
    seen = weigh.fit_transform([of.documents[at].text for at in train])
    learnt: Any = LogisticRegression(C=10, max_iter=1000).fit(seen, [of.documents[at].topic for at in train])
    return np.asarray(learnt.predict_proba(weigh.transform([of.documents[at].text for at in documents])))


@dataclass(frozen=True, slots=True)
class Embedded:
    """A set with its vectors, a row each."""

    of: TopicSet
    topics: Floats
    documents: Floats


def likenesses(of: Embedded, documents: Floats, corrections: Corrections, lens: Lens) -> Floats:
    """Of documents (rows) to topics (columns), by the service's own rules."""
    shown = [lens.document(of.documents[list(several)]) for several in corrections]
    likeness: Floats = lens.document(documents) @ prototypes(lens.topic(of.topics), shown).T
    return likeness


def by_embedding(
    of: Embedded,
    documents: Sequence[int],
    corrections: Corrections,
    lens: Lens,
    calibration: Calibration = CALIBRATION,
) -> Scores:
    """The service's embedding mode, of topics without keywords."""
    found = likenesses(of, of.documents[list(documents)], corrections, lens)
    return scores(found, [len(several) for several in corrections], calibration)


def by_both(of: Embedded, documents: Sequence[int], corrections: Corrections, lens: Lens) -> Scores:
    """The same of topics with their 6 to 8 keywords."""
    found = likenesses(of, of.documents[list(documents)], corrections, lens)
    said = (KEYWORDS * by_keywords(of.of, documents)).astype(np.float32)
    return scores(found + said, [len(several) for several in corrections])


def drawn(of: TopicSet, most: int, seed: int) -> list[list[int]]:
    """For each topic so many training documents, at random; all of them where there are fewer."""
    random, training = np.random.default_rng(seed), of.part(held_out=False)
    return [
        [int(at) for at in random.permutation([at for at in training if of.documents[at].topic == topic])[:most]]
        for topic in range(len(of.topics))
    ]
