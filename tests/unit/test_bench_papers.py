"""The papers that the benchmarks classify: real ones, of the types they say, the same for the same seed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from benchmarks.bare_model import windows_of
from benchmarks.papers.mix import MAKERS, PAGES, THEMES, WORDS, Paper, long_pdf, mixed, short_text
from benchmarks.papers.packages import docx
from services.classifier.modes.model import WINDOWS
from services.classifier.reading import Source, Text
from services.classifier.sandbox.limits import Limits
from services.classifier.sandbox.pool import Pool


@pytest.fixture
async def readers() -> AsyncIterator[Pool]:
    async with Pool(Limits(), 1) as pool:
        yield pool


async def _text(readers: Pool, paper: Paper) -> Text:
    reading = await readers.read(Source(paper.data, len(paper.data), paper.content_type, paper.suffix))
    assert isinstance(reading, Text)
    return reading


async def test_each_paper_is_read_as_what_it_says_it_is(readers: Pool) -> None:
    for paper in mixed(len(MAKERS)):
        reading = await _text(readers, paper)
        assert (reading.media_type, reading.language) == (paper.content_type, "en")
        assert any(theme.split()[2] in reading.text for theme in THEMES.values())


async def test_the_long_one_has_its_pages_and_fills_all_windows(readers: Pool) -> None:
    text = (await _text(readers, long_pdf(3))).text
    assert text.count("Page ") == PAGES
    assert len(windows_of(text)) == WINDOWS


def test_the_short_one_has_its_words() -> None:
    assert len(short_text(1).data.split()) == WORDS + 2


def test_a_package_is_the_same_whenever_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = docx("words")
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(10**9))
    assert docx("words") == made


def test_papers_of_a_mix_take_turns_and_none_is_like_another() -> None:
    papers = mixed(50)
    assert len({each.data for each in papers}) == 50
    assert len({each.suffix for each in papers[: len(MAKERS)]}) == len(MAKERS)
    assert [each.data for each in mixed(50)] == [each.data for each in papers]
