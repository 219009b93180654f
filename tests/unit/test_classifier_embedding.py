"""Filing by meaning, with the real model: each text costs some hundredths of a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
import psutil
import pytest

from services.classifier.filing import Example, Mode, Owner, Topic, Wishes
from services.classifier.modes.embedding import BY_DESCRIPTION, BY_EXAMPLE, EmbeddingFiler, TopicVector, topic_text
from services.classifier.modes.model import DIMENSION, MODEL, WINDOW_TOKENS, WINDOWS, Model
from services.classifier.reading import Text

RECIPES = Topic(UUID(int=1), "Recipes", "How to cook and bake, with ingredients")
BILLS = Topic(UUID(int=2), "Bills", "Invoices that have to be paid", keywords=("invoice",))
STEW = Text("Fry the onions in butter, add carrots and a litre of stock, and let it simmer.", "text/plain", "en")
KUCHEN = Text("Eier, Mehl und Zucker verrühren, in die Form geben und 40 Minuten backen.", "text/plain", "de")


class Kept:
    """Remembers what was handed over to be stored."""

    def __init__(self) -> None:
        self.batches: list[Sequence[TopicVector]] = []

    async def __call__(self, made: Sequence[TopicVector]) -> None:
        self.batches.append(made)


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with Model(processes=2) as made:
        yield made


def owner(*topics: Topic, threshold: float = 0.45) -> Owner:
    return Owner(UUID(int=9), topics, Wishes(Mode.EMBEDDING, threshold, 3))


@pytest.mark.parametrize("text", [STEW, KUCHEN], ids=["en", "de"])
async def test_a_document_is_filed_by_its_meaning_in_another_language_too(model: Model, text: Text) -> None:
    found = await EmbeddingFiler(model).file(text, owner(RECIPES, BILLS))
    assert [(each.name, each.reason) for each in found.topics] == [("Recipes", BY_DESCRIPTION)]
    assert found.vector is not None
    assert float(np.linalg.norm(found.vector)) == pytest.approx(1, abs=1e-5)


async def test_a_correction_draws_the_next_document_after_it(model: Model) -> None:
    filer = EmbeddingFiler(model)
    first = await filer.file(STEW, owner(RECIPES, BILLS))
    assert first.vector is not None
    bills = replace(BILLS, examples=(Example(UUID(int=5), first.vector),) * 10)
    again = await filer.file(Text("Fry the onions and simmer them in stock.", "text/plain"), owner(RECIPES, bills))
    assert (again.topics[0].name, again.topics[0].reason) == ("Bills", BY_EXAMPLE)


async def test_a_keyword_speaks_for_its_topic_and_is_told(model: Model) -> None:
    text = Text("Invoice for the kitchen: two invoices are open.", "text/plain", "en")
    found = await EmbeddingFiler(model).file(text, owner(RECIPES, BILLS, threshold=0))
    silent = await EmbeddingFiler(model).file(text, owner(RECIPES, replace(BILLS, keywords=()), threshold=0))
    assert found.topics[0].reason == f"{BY_DESCRIPTION}; the keyword “invoice” occurs 2 times"
    assert found.topics[0].score > silent.topics[0].score


async def test_vectors_of_topics_are_made_once_and_handed_over_to_be_kept(model: Model) -> None:
    kept = Kept()
    filer = EmbeddingFiler(model, kept)
    await asyncio.gather(*(filer.file(STEW, owner(RECIPES, BILLS)) for _ in range(3)))
    assert {(each.topic_id, each.revision) for batch in kept.batches for each in batch} == {
        (RECIPES.id, 1),
        (BILLS.id, 1),
    }
    assert len({each.vector.tobytes() for batch in kept.batches for each in batch}) == 2


async def test_a_vector_that_is_known_is_not_made_anew(model: Model) -> None:
    kept, known = Kept(), await model.vector(topic_text(RECIPES))
    await EmbeddingFiler(model, kept).file(STEW, owner(replace(RECIPES, vector=known)))
    assert kept.batches == []


async def test_a_change_of_words_makes_another_vector(model: Model) -> None:
    kept = Kept()
    filer = EmbeddingFiler(model, kept)
    await filer.file(STEW, owner(RECIPES))
    await filer.file(STEW, owner(replace(RECIPES, description="Cakes", revision=2)))
    (first,), (second,) = kept.batches
    assert second.revision == 2
    assert first.vector.tobytes() != second.vector.tobytes()


async def test_without_topics_the_vector_is_made_all_the_same(model: Model) -> None:
    found = await EmbeddingFiler(model).file(STEW, owner())
    assert found.topics == ()
    assert found.vector is not None
    assert found.vector.shape == (DIMENSION,)


async def test_a_blank_text_has_no_vector(model: Model) -> None:
    found = await EmbeddingFiler(model).file(Text(" \0 ", "text/plain"), owner(RECIPES))
    assert (found.topics, found.vector) == ((), None)


async def test_broken_unicode_is_no_error(model: Model) -> None:
    assert await model.vector("caf\ud800e \0 \U0010ffff") is not None


async def test_four_processes_make_the_same_vectors_as_one(model: Model) -> None:
    texts = [f"Fry {number} onions in butter." for number in range(8)]
    alone = [await model.vector(each) for each in texts]
    async with Model(processes=4) as several:
        together = await asyncio.gather(*map(several.vector, texts))
    assert [each.tobytes() for each in together if each is not None] == [
        each.tobytes() for each in alone if each is not None
    ]


async def test_a_process_of_the_model_that_somebody_killed_is_replaced_and_nobody_notices() -> None:
    async with Model(processes=1) as model:
        first = await model.vector("Fry the onions.")
        workers = [each for each in psutil.Process().children() if "model_worker" in " ".join(each.cmdline())]
        for each in workers:
            each.kill()
        again = await model.vector("Fry the onions.")
    assert first is not None
    assert again is not None
    assert first.tobytes() == again.tobytes()


async def test_the_event_loop_turns_while_the_model_works(model: Model) -> None:
    turns, work = 0, asyncio.ensure_future(model.vector("a long word " * 200))
    while not work.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 5


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        (Topic(UUID(int=1), "Bills", "to be paid", ("invoice",)), "Bills: to be paid"),
        (Topic(UUID(int=1), "Bills", " ", ("invoice", "due")), "Bills: invoice, due"),
        (Topic(UUID(int=1), "Bills"), "Bills"),
    ],
)
def test_a_topic_is_embedded_by_its_description_else_keywords_else_name(topic: Topic, text: str) -> None:
    assert topic_text(topic) == text


def test_the_fingerprint_tells_the_recipe() -> None:
    assert f"{WINDOWS} windows of {WINDOW_TOKENS}" in MODEL
