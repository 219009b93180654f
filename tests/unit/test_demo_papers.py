"""The demo's documents are of the types they should be, and belong where the demo says, by a margin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from deploy.ops.demo_filing import FRIENDS, LIAR, TOPICS, papers
from deploy.ops.demo_papers import PDF, WORD, Paper, docx, locked_pdf, paper, pdf
from deploy.ops.demo_suggesting import notes
from services.classifier.filing import Example, Filed, Mode, Owner, Topic, Vector, Wishes
from services.classifier.modes.embedding import EmbeddingFiler
from services.classifier.modes.model import Model
from services.classifier.reading import NoText, Text, Unreadable
from services.classifier.sandbox.limits import Limits
from services.classifier.sandbox.pool import Pool
from tests.hostile.support.watching import source_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
BELONGS = [(topic, each) for topic, some in papers().items() for each in some]
LANGUAGES = {"zimtschnecken.docx": "de", "lyon.html": "fr", "cita.eml": "es"}
ALL = [*(each for _, each in BELONGS), *notes()]
SURE, LIKELY, SURELY_NOT = 0.8, 0.6, 0.2


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[Pool]:
    async with Pool(Limits(), 1) as pool:
        yield pool


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def filer() -> AsyncIterator[EmbeddingFiler]:
    async with Model() as model:
        yield EmbeddingFiler(model)


async def read(pool: Pool, given: Paper) -> Text:
    reading = await pool.read(source_of(given.data, "." + given.filename.rpartition(".")[2]))
    assert isinstance(reading, Text)
    return reading


async def scores(filer: EmbeddingFiler, text: Text, *more: Topic) -> tuple[dict[str, float], Vector]:
    """Of each of Dora's topics and of `more`, and the text's vector."""
    topics = (*(Topic(uuid4(), name, about) for name, about in TOPICS.items()), *more)
    filed = await filer.file(text, Owner(uuid4(), topics, Wishes(Mode.EMBEDDING, 0, len(topics))))
    assert isinstance(filed, Filed)
    assert filed.vector is not None
    return {topic.name: topic.score for topic in filed.topics}, filed.vector


@pytest.mark.parametrize("given", ALL, ids=lambda given: given.filename)
async def test_each_is_what_it_is_told_to_be_but_for_the_one_that_lies(given: Paper, pool: Pool) -> None:
    found = await read(pool, given)
    assert found.media_type == (PDF if given.filename == LIAR else given.content_type)
    assert found.language == LANGUAGES.get(given.filename, "en")


@pytest.mark.parametrize(("topic", "given"), BELONGS, ids=[given.filename for _, given in BELONGS])
async def test_each_belongs_under_its_topic_by_a_margin(
    topic: str, given: Paper, pool: Pool, filer: EmbeddingFiler
) -> None:
    found, _ = await scores(filer, await read(pool, given))
    assert found.pop(topic) > SURE
    assert max(found.values()) < SURELY_NOT


async def test_a_letter_of_the_vet_follows_the_one_before_and_is_medical_without_that(
    pool: Pool, filer: EmbeddingFiler
) -> None:
    april, vector = await scores(filer, await read(pool, paper("vet-april.pdf", PDF, "vet-april.txt", pdf)))
    assert april["Medical"] > SURE
    october = await read(pool, paper("tierarzt-oktober.docx", WORD, "vet-oktober.txt", docx))
    before, _ = await scores(filer, october, Topic(uuid4(), FRIENDS))
    assert before["Medical"] > LIKELY > SURELY_NOT > before[FRIENDS]
    after, _ = await scores(filer, october, Topic(uuid4(), FRIENDS, examples=(Example(uuid4(), vector),)))
    assert after[FRIENDS] > SURE
    assert max(score for name, score in after.items() if name != FRIENDS) < SURELY_NOT


async def test_the_locked_one_wants_a_password(pool: Pool) -> None:
    assert await pool.read(source_of(locked_pdf(), ".pdf")) == NoText(Unreadable.ENCRYPTED, PDF)


async def test_what_has_a_meaning_in_a_format_is_read_as_it_was_written(pool: Pool) -> None:
    line = "Fees (net) & taxes <19 %>: 5 €, \\ überfällig"
    assert (await read(pool, Paper("a.pdf", PDF, pdf(line)))).text.strip() == line
    without_tags = " ".join(line.replace("<", "").replace(">", "").replace("&", "").split())
    found = (await read(pool, Paper("a.docx", WORD, docx(line)))).text  # whose reader leaves these out
    assert " ".join(found.split()) in {line, without_tags}
