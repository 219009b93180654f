"""Documents made to break their reader: each has an outcome within its limits, and the next one is read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.classifier.reading import NoText, Reading, Source, Text, Unreadable
from services.classifier.sandbox.limits import MIB, Limits
from services.classifier.sandbox.pool import Pool
from tests.hostile.support.attacks import BOMBS, ENTITIES, LOOPS, ODDITIES, Attack, reaching
from tests.hostile.support.documents import GOOD, WORDS
from tests.hostile.support.watching import listening, reads_on, resident_bytes, source_of, workers

LIMITS = Limits(memory_bytes=320 * MIB, cpu_seconds=5, wall_seconds=45.0, starved_share=2.0)
SLACK_SECONDS = 3.0
BOUNDS = {
    Unreadable.TOO_LARGE,
    Unreadable.TOO_MUCH_MEMORY,
    Unreadable.TOO_SLOW,
    Unreadable.UNSUPPORTED,
    Unreadable.UNREADABLE,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[Pool]:
    async with Pool(LIMITS, 1) as pool:
        await reads_on(pool)
        yield pool
    assert not workers()


async def _read(pool: Pool, document: bytes) -> Reading:
    """Its outcome, which came in time, left the pool well, and this process no larger."""
    before, began = resident_bytes(), time.monotonic()
    reading = await pool.read(source_of(document))
    assert time.monotonic() - began < LIMITS.wall_seconds + SLACK_SECONDS
    assert resident_bytes() - before < 32 * MIB
    assert len(getattr(reading, "text", "")) <= LIMITS.most_characters
    assert await reads_on(pool)
    assert len(workers()) == 1
    return reading


def _cases(attacks: dict[str, Attack]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("attack", attacks.values(), ids=attacks.keys())


pytestmark = pytest.mark.asyncio(loop_scope="module")


@_cases(BOMBS)
async def test_what_unpacks_to_very_much_ends_at_a_limit(attack: Attack, pool: Pool) -> None:
    reading = await _read(pool, await asyncio.to_thread(attack))
    assert isinstance(reading, NoText)
    assert reading.why in BOUNDS


@_cases(ENTITIES)
async def test_entities_that_grow_are_not_unfolded(attack: Attack, pool: Pool) -> None:
    assert "lollol" not in getattr(await _read(pool, attack()), "text", "")


@_cases(LOOPS)
async def test_what_never_ends_or_is_very_deep_has_an_outcome(attack: Attack, pool: Pool) -> None:
    assert isinstance(await _read(pool, attack()), Text | NoText)


@_cases(ODDITIES)
async def test_what_is_odd_has_an_outcome(attack: Attack, pool: Pool) -> None:
    assert isinstance(await _read(pool, attack()), Text | NoText)


async def test_macros_are_no_hindrance_and_are_not_run(pool: Pool) -> None:
    reading = await _read(pool, ODDITIES["a Word document with macros"]())
    assert isinstance(reading, Text)
    assert reading.text == WORDS


@pytest.mark.parametrize("name", reaching("x"))
async def test_nothing_outside_a_document_is_read_or_called(name: str, pool: Pool, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("the song of the canary")
    async with listening() as callers:
        for target in (f"file://{canary}", "file:///etc/passwd", f"http://127.0.0.1:{callers.port}/canary"):
            text = getattr(await _read(pool, reaching(target)[name]), "text", "")
            assert "song" not in text
            assert "root:" not in text
    assert callers.calls == 0


@pytest.mark.parametrize("suffix", GOOD)
async def test_a_document_of_any_type_that_is_cut_short_has_an_outcome(suffix: str, pool: Pool) -> None:
    whole = GOOD[suffix]
    for share in (0.01, 0.1, 0.5, 0.9, 0.99):
        assert isinstance(await _read(pool, whole[: int(len(whole) * share)]), Text | NoText)


@pytest.mark.parametrize(
    ("head", "outcome"),
    [
        (b"\0" * MIB, Unreadable.UNSUPPORTED),
        (GOOD[".pdf"], Unreadable.TOO_LARGE),
        (GOOD[".docx"], Unreadable.TOO_LARGE),
    ],
    ids=["of nothing", "of a PDF", "of a Word document"],
)
async def test_the_head_of_five_gigabytes_says_what_it_is(head: bytes, outcome: Unreadable, pool: Pool) -> None:
    reading = await pool.read(Source(head, 5 * 1024 * MIB))
    assert isinstance(reading, NoText)
    assert reading.why == outcome


async def test_the_head_of_five_gigabytes_of_text_is_read(pool: Pool) -> None:
    reading = await pool.read(Source(WORDS.encode() * 1000, 5 * 1024 * MIB))
    assert isinstance(reading, Text)
    assert reading.is_cut
    assert reading.text.startswith(WORDS)
