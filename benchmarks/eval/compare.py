"""The comparison: every method on every set, held-out documents only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.eval.fit import Fitted, fit, weighed
from benchmarks.eval.measures import (
    Places,
    Scores,
    best_of,
    calibration_error,
    confusion,
    macro_f1,
    measured,
    reliability,
)
from benchmarks.eval.methods import Corrections, Embedded, by_both, by_embedding, by_keywords, by_tfidf, drawn
from benchmarks.eval.situations import WEIGHTS, Situation, situations
from services.classifier.modes.scoring import Lens, scores

SHOWN, SEEDS = (0, 1, 5, 20), 5
SHORT, LONG = 80, 1000
"""Characters: below is short, above is long."""
Record = dict[str, Any]
Method = Callable[[int], Scores]
"""Scores of the held-out documents, of a seed."""


def compare(sets: Sequence[Embedded], threshold: float, say: Callable[[str], None]) -> list[Record]:
    """A record a set."""
    lens, found = Lens.load(), []
    for of in sets:
        say(f"- {of.of.name}: {len(of.of.topics)} topics, {len(of.documents)} documents")
        found.append(_compared(of, lens, threshold))
    return found


def _compared(of: Embedded, lens: Lens, threshold: float) -> Record:
    asked = of.of.part(held_out=True)
    truth = np.array([of.of.documents[at].topic for at in asked])
    methods = dict(_methods(of, asked, lens))
    return {
        "name": of.of.name,
        "topics": [topic.name for topic in of.of.topics],
        "training": len(of.of.part(held_out=False)),
        "held_out": len(asked),
        "methods": {name: _spread(method, truth, threshold, seeds) for name, (method, seeds) in methods.items()},
        "slices": {name: _slices(of, asked, truth, methods[name][0](0)) for name in ("keywords", "shown 0", "shown 5")},
        "confusion": confusion(best_of(methods["shown 0"][0](0)), truth, len(of.of.topics)),
    }


def _methods(of: Embedded, asked: Sequence[int], lens: Lens) -> Iterator[tuple[str, tuple[Method, int]]]:
    yield "keywords", (lambda _: by_keywords(of.of, asked), 1)
    yield "more keywords", (lambda _: by_keywords(of.of, asked, patient=True), 1)
    for shown in SHOWN:
        seeds = SEEDS if 0 < shown < max(SHOWN) else 1
        if shown:
            yield f"tfidf {shown}", (_taught(of, shown, lambda taught: by_tfidf(of.of, asked, taught)), seeds)
        yield f"shown {shown}", (_taught(of, shown, lambda taught: by_embedding(of, asked, taught, lens)), seeds)
        yield f"both {shown}", (_taught(of, shown, lambda taught: by_both(of, asked, taught, lens)), seeds)


def _taught(of: Embedded, shown: int, scored: Callable[[Corrections], Scores]) -> Method:
    """Scores by so many corrections a topic, drawn anew for each seed."""
    return lambda seed: scored(drawn(of.of, shown, seed))


def _spread(method: Method, truth: Places, threshold: float, seeds: int) -> Record:
    """Mean and standard deviation over the seeds, of each measure."""
    runs = [asdict(measured(method(seed), truth, threshold)) for seed in range(seeds)]
    return {key: _mean_and_spread([run[key] for run in runs]) for key in runs[0]}


def _mean_and_spread(values: Sequence[float]) -> Record:
    return {"mean": round(float(np.mean(values)), 3), "sd": round(float(np.std(values)), 3)}


def _slices(of: Embedded, asked: Sequence[int], truth: Places, found: Scores) -> Record:
    """The accuracy by language and by length, with the number of documents."""
    right = best_of(found) == truth
    documents = [of.of.documents[at] for at in asked]
    by_language = _grouped((each.language for each in documents), right)
    return by_language | _grouped((_length(each.text) for each in documents), right)


def _length(text: str) -> str:
    return "short" if len(text) < SHORT else "long" if len(text) > LONG else "medium"


def _grouped(names: Iterable[str], right: Sequence[bool]) -> Record:
    groups: dict[str, list[bool]] = {}
    for name, each in zip(names, right, strict=True):
        groups.setdefault(name, []).append(bool(each))
    return {name: {"accuracy": round(sum(of) / len(of), 3), "documents": len(of)} for name, of in groups.items()}


def open_world(sets: Sequence[Embedded], fitted: Fitted, thresholds: Sequence[float]) -> Record:
    """What scores are worth where some documents fit no topic: held-out documents, in the mix of situations."""
    seen = list(situations(sets, fitted.lens, held_out=True))
    score, right = _drawn_by_weight(seen, fitted)
    return {
        "thresholds": [asdict(each) for each in weighed(seen, fitted.calibration, thresholds)],
        "ece": round(calibration_error(score, right), 3),
        "reliability": reliability(score, right),
    }


def _drawn_by_weight(seen: Sequence[Situation], fitted: Fitted) -> tuple[Scores, Any]:
    """The best score of each document and whether it is right, of each situation as many as its weight says."""
    random, found = np.random.default_rng(0), []
    for each in seen:
        score = scores(each.likeness, [each.shown] * each.likeness.shape[1], fitted.calibration)
        rows = np.flatnonzero(random.random(len(score)) < WEIGHTS[each.kind])
        found.append((score[rows].max(axis=1), score[rows].argmax(axis=1) == each.truth[rows]))
    return np.concatenate([score for score, _ in found]), np.concatenate([right for _, right in found])


def unseen(sets: Sequence[Embedded], threshold: float) -> Record:
    """Each set with constants that were fitted on the other sets alone: topics and documents nothing was tuned to."""
    return {of.of.name: _unseen(of, fit([other for other in sets if other is not of]), threshold) for of in sets}


def _unseen(of: Embedded, fitted: Fitted, threshold: float) -> Record:
    asked = of.of.part(held_out=True)
    truth = np.array([of.of.documents[at].topic for at in asked])

    def method(shown: int) -> Method:
        return lambda seed: by_embedding(of, asked, drawn(of.of, shown, seed), fitted.lens, fitted.calibration)

    return {f"shown {shown}": _spread(method(shown), truth, threshold, SEEDS if shown else 1) for shown in (0, 5)}


def by_windows(few: Sequence[Embedded], shown: int) -> float:
    """The macro F1 of the sets in the mean, on the training part, for choosing how many windows a document has."""
    lens, found = Lens.load(), []
    for of in few:
        for seed in range(SEEDS):
            corrections = drawn(of.of, shown, seed)
            used = {at for several in corrections for at in several}
            asked = [at for at in of.of.part(held_out=False) if at not in used]
            truth = np.array([of.of.documents[at].topic for at in asked])
            found.append(macro_f1(best_of(by_embedding(of, asked, corrections, lens)), truth, len(of.of.topics)))
    return round(float(np.mean(found)), 3)
