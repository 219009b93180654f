"""From vectors to scores."""

from __future__ import annotations

import dataclasses
from uuid import UUID, uuid4

import numpy as np
import pytest
from docuvault_contracts.events import FiledTopic
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.filing import Example, Mode, Topic, Vector, Wishes
from services.classifier.modes.choice import choose
from services.classifier.modes.embedding import BY_DESCRIPTION, BY_EXAMPLE, BY_NAME, scored
from services.classifier.modes.model import DIMENSION
from services.classifier.modes.scoring import Lens, best_other, scores

PLAIN = Lens(np.zeros(DIMENSION, np.float32), np.zeros(DIMENSION, np.float32), np.zeros((1, DIMENSION), np.float32))
SEEDS = st.integers(0, 10_000)


def unit(seed: int) -> Vector:
    made = np.random.default_rng(seed).normal(size=DIMENSION)
    return np.asarray(made / np.linalg.norm(made), np.float32)


def near(vector: Vector, seed: int, far: float = 0.5) -> Vector:
    made = vector + far * unit(seed)
    return np.asarray(made / np.linalg.norm(made), np.float32)


def topic(name: str, *examples: Vector, description: str = "what it is about") -> Topic:
    shown = tuple(Example(uuid4(), each) for each in examples)
    return Topic(UUID(int=int.from_bytes(name.encode())), name, description, examples=shown)


def found(document: Vector, *topics: tuple[Topic, Vector], lens: Lens = PLAIN) -> dict[str, FiledTopic]:
    return {each.name: each for each in scored(document, topics, {}, lens)}


def wishes(threshold: float = 0.45, most_topics: int = 3) -> Wishes:
    return Wishes(Mode.EMBEDDING, threshold, most_topics)


def test_a_document_is_most_likely_of_the_topic_it_is_like() -> None:
    scores = found(near(unit(1), 9), (topic("one"), unit(1)), (topic("two"), unit(2)))
    assert scores["one"].score > 0.9
    assert scores["two"].score < 0.1


def test_a_document_that_is_like_two_topics_as_much_is_likely_of_neither_for_sure() -> None:
    both = (unit(1) + unit(2)) / np.linalg.norm(unit(1) + unit(2))
    scores = found(both, (topic("one"), unit(1)), (topic("two"), unit(2)), (topic("three"), unit(3)))
    assert abs(scores["one"].score - scores["two"].score) < 0.2
    assert scores["one"].score < 0.8


def test_a_single_topic_does_not_draw_what_is_not_like_it() -> None:
    assert found(unit(5), (topic("one"), unit(1)))["one"].score < 0.3
    assert found(near(unit(1), 5), (topic("one"), unit(1)))["one"].score > 0.9


def test_an_example_that_is_nearer_than_the_description_is_the_reason() -> None:
    document = unit(7)
    described, shown = (topic("described"), near(document, 1, far=2)), (topic("shown", near(document, 2)), unit(3))
    reasons = {name: each.reason for name, each in found(document, described, shown).items()}
    assert reasons == {"described": BY_DESCRIPTION, "shown": BY_EXAMPLE}


def test_a_topic_without_a_description_goes_by_its_name() -> None:
    assert found(unit(1), (topic("one", description=" "), unit(1)))["one"].reason == BY_NAME


def test_examples_outweigh_the_description_as_they_grow() -> None:
    document, wrong = unit(7), unit(3)
    after = [
        found(document, (topic("one", *[near(document, at) for at in range(count)]), wrong), (topic("two"), unit(4)))
        for count in (0, 1, 5, 20)
    ]
    numbers = [each["one"].score for each in after]
    assert numbers == sorted(numbers)
    assert numbers[0] < 0.5 < numbers[-1]


@settings(deadline=None)
@given(SEEDS, st.integers(0, 6), st.integers(1, 4))
def test_an_example_like_the_document_does_not_lower_its_score(seed: int, count: int, topics: int) -> None:
    document = unit(seed)
    shown = [near(document, seed + at + 1, far=2) for at in range(count)]
    others = [(topic(f"other {at}"), unit(seed + 100 + at)) for at in range(topics)]
    before = found(document, (topic("one", *shown), unit(seed + 50)), *others)["one"].score
    after = found(document, (topic("one", *shown, document), unit(seed + 50)), *others)["one"].score
    assert after >= min(before, 0.99)


@settings(deadline=None)
@given(SEEDS, st.integers(1, 8))
def test_the_order_of_topics_and_examples_changes_nothing(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    topics = [(topic(f"{at}", unit(seed + at), unit(seed + at + 50)), unit(seed + at + 100)) for at in range(count)]
    turned = [
        (dataclasses.replace(each, examples=each.examples[::-1]), vector)
        for each, vector in (topics[at] for at in random.permutation(count))
    ]
    document = near(topics[0][1], seed)
    assert found(document, *topics, lens=Lens.load()) == found(document, *turned, lens=Lens.load())


@settings(deadline=None)
@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=20), st.integers(0, 1000))
def test_scores_are_between_0_and_1(likeness: list[float], examples: int) -> None:
    made = scores(np.array(likeness, np.float32), [examples] * len(likeness))
    assert ((made >= 0) & (made <= 1)).all()


def test_the_best_other_of_the_best_is_the_second() -> None:
    assert best_other(np.array([0.1, 0.5, 0.3], np.float32)).tolist() == pytest.approx([0.5, 0.3, 0.5])
    assert best_other(np.array([0.1], np.float32)).tolist() == [-1]


@pytest.mark.parametrize(
    "document", [np.zeros(DIMENSION, np.float32), np.full(DIMENSION, 1e-30, np.float32)], ids=["zero", "tiny"]
)
def test_a_vector_of_no_length_is_no_division_by_zero(document: Vector) -> None:
    assert 0 <= found(document, (topic("one"), np.zeros(DIMENSION, np.float32)))["one"].score <= 1


def filed(*numbers: float) -> list[FiledTopic]:
    return [FiledTopic(topic_id=UUID(int=at), name=f"t{at}", score=of, reason="") for at, of in enumerate(numbers)]


def test_nothing_below_the_threshold_is_chosen_and_what_is_on_it_is() -> None:
    assert [each.score for each in choose(filed(0.44, 0.45, 0.9), wishes())] == [0.9, 0.45]


def test_no_more_topics_are_chosen_than_asked_for() -> None:
    assert [each.score for each in choose(filed(0.6, 0.8, 0.7), wishes(most_topics=2))] == [0.8, 0.7]


def test_equal_scores_are_in_the_order_of_names() -> None:
    assert [each.name for each in choose(filed(0.6, 0.6)[::-1], wishes())] == ["t0", "t1"]
