"""How the evaluation measures, and what it measures on."""

from __future__ import annotations

import json
from collections import Counter
from uuid import UUID
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from benchmarks.eval import report
from benchmarks.eval.compare import open_world
from benchmarks.eval.fit import Fitted, best_threshold, weighed
from benchmarks.eval.measures import best_of, calibration_error, confusion, macro_f1, measured
from benchmarks.eval.methods import Embedded, by_embedding, drawn
from benchmarks.eval.plot import plot
from benchmarks.eval.sets import DATA, Document, TopicSet
from benchmarks.eval.situations import situations
from services.classifier.filing import Topic
from services.classifier.modes.model import DIMENSION
from services.classifier.modes.scoring import CALIBRATION, Lens

WRITTEN = ("household", "support", "news")
TRUTH = np.array([0, 0, 1, 1])


def rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_document_that_nothing_speaks_for_is_a_miss() -> None:
    scores = np.array([[0.9, 0.1], [0, 0], [0.2, 0.8], [0.4, 0.6]])
    assert best_of(scores).tolist() == [0, -1, 1, 1]
    found = measured(scores, TRUTH, 0.7)
    assert (found.accuracy, found.coverage, found.precision) == (0.75, 0.5, 1)
    assert found.macro_f1 == pytest.approx((2 / 3 + 1) / 2)


def test_macro_f1_is_1_where_all_is_right_and_0_where_nothing_is() -> None:
    assert macro_f1(TRUTH, TRUTH, 2) == 1
    assert macro_f1(1 - TRUTH, TRUTH, 2) == 0


def test_the_calibration_error_is_how_far_scores_are_from_how_often_they_are_right() -> None:
    assert calibration_error(np.full(10, 0.75), np.arange(10) < 5) == pytest.approx(0.25)
    assert calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0


def test_the_confusion_table_has_a_last_column_for_none() -> None:
    assert confusion(np.array([0, -1, 1, 0]), TRUTH, 2) == [[1, 0, 1], [1, 1, 0]]


@pytest.mark.parametrize("name", WRITTEN)
def test_no_text_is_there_twice_and_each_topic_has_20_to_train_on_and_10_held_out(name: str) -> None:
    found = rows(name)
    described = {each["name"] for each in json.loads((DATA / "topics.json").read_text(encoding="utf-8"))[name]}
    assert len({row["text"] for row in found}) == len(found)
    assert {row["topic"] for row in found} == described
    counted = Counter((row["topic"], row["part"]) for row in found)
    assert {(part, count) for (_, part), count in counted.items()} == {("train", 20), ("eval", 10)}


def made_up() -> Embedded:
    """Two topics, each with documents about a direction of its own."""
    random = np.random.default_rng(0)
    axes = np.eye(DIMENSION, dtype=np.float32)[:2]
    documents = tuple(Document(f"{at}", at % 2, "en", held_out=at % 3 == 2) for at in range(60))
    noise = random.normal(scale=0.03, size=(60, DIMENSION)).astype(np.float32)
    topics = tuple(Topic(UUID(int=at), f"topic {at}") for at in range(2))
    return Embedded(TopicSet("made up", topics, documents), axes, axes[[each.topic for each in documents]] + noise)


PLAIN = Lens(np.zeros(DIMENSION, np.float32), np.zeros(DIMENSION, np.float32), np.zeros((1, DIMENSION), np.float32))


def test_corrections_are_drawn_of_the_training_part_alone_and_the_same_of_a_seed() -> None:
    of = made_up().of
    first = drawn(of, 5, seed=3)
    assert first == drawn(of, 5, seed=3) != drawn(of, 5, seed=4)
    assert all(
        of.documents[at].topic == topic and not of.documents[at].held_out for topic in (0, 1) for at in first[topic]
    )


def test_what_was_shown_is_not_asked_for() -> None:
    asked = [each for each in situations([made_up()], PLAIN, held_out=False) if each.kind == "all topics"]
    assert {(each.shown, len(each.truth)) for each in asked} == {(0, 40), (1, 38), (5, 30), (12, 16)}


def test_easy_documents_are_found_and_a_threshold_is_named() -> None:
    of = made_up()
    asked = of.of.part(held_out=True)
    scores = by_embedding(of, asked, drawn(of.of, 0, 0), PLAIN)
    assert best_of(scores).tolist() == [of.of.documents[at].topic for at in asked]
    seen = list(situations([of], PLAIN, held_out=False))
    best = best_threshold(seen, CALIBRATION)
    assert all(each.f1 <= best.f1 + 0.002 for each in weighed(seen, CALIBRATION, (0.2, 0.5, 0.7)))


def test_the_picture_and_the_page_are_made_of_the_figures_alone() -> None:
    found = figures()
    ET.fromstring(plot(found))  # noqa: S314 - our own
    assert plot(found) == plot(figures())
    parts = report.parts(found)
    assert "**met** in the mean (+40 points; made up +40)" in parts["goals"]
    assert all(f"<!-- {mark}: " in report.PAGE.read_text(encoding="utf-8") for mark in parts)


def figures() -> report.Found:
    def of(value: float) -> report.Found:
        return {key: {"mean": value, "sd": 0.0} for key in ("accuracy", "macro_f1", "coverage", "precision", "ece")}

    methods = {name: of(0.5 if name.startswith(("key", "more", "tfidf")) else 0.9) for name in report.METHODS}
    slices = {name: {"en": {"accuracy": 0.5, "documents": 4}} for name in report.SLICED}
    one = {
        "name": "made up",
        "topics": ["a", "b"],
        "methods": methods,
        "slices": slices,
        "confusion": [[1, 0, 0], [0, 1, 1]],
    }
    return {
        "threshold": 0.45,
        "sets": [one],
        "open_world": open_world([made_up()], Fitted(PLAIN, CALIBRATION, 0), (0.4, 0.5)),
        "unseen": {"made up": {"shown 0": of(0.5), "shown 5": of(0.6)}},
        "windows": {1: {"1": 0.5, "5": 0.6}},
    }
