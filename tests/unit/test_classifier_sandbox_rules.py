"""What a worker's end and a parser's words mean, and what a place for a worker does."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import cast

import pytest

from services.chassis.errors import Transient
from services.classifier.reading import Unreadable
from services.classifier.sandbox.endings import outcome_of_end
from services.classifier.sandbox.failures import outcome_of
from services.classifier.sandbox.languages import short
from services.classifier.sandbox.libraries import CACHE, UNPACKED, unpacked
from services.classifier.sandbox.process import Worker
from services.classifier.sandbox.slot import Slot


@pytest.mark.parametrize(
    ("code", "said", "outcome"),
    [
        (-signal.SIGXCPU, b"", Unreadable.TOO_SLOW),
        (-signal.SIGABRT, b"memory allocation of 4096 bytes failed", Unreadable.TOO_MUCH_MEMORY),
        (1, b"Traceback ...\nMemoryError", Unreadable.TOO_MUCH_MEMORY),
        (-signal.SIGSEGV, b"", Unreadable.UNREADABLE),
        (-signal.SIGSYS, b"", Unreadable.UNREADABLE),
        (0, b"", Unreadable.UNREADABLE),
        (None, b"", Unreadable.UNREADABLE),
        (-signal.SIGKILL, b"", None),
        (-signal.SIGTERM, b"", None),
    ],
)
def test_the_end_of_a_worker_is_an_outcome_unless_somebody_else_ended_it(
    code: int | None, said: bytes, outcome: Unreadable | None
) -> None:
    assert outcome_of_end(code, said) == outcome


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("ParsingError: PDF is password-protected", Unreadable.ENCRYPTED),
        ("ParsingError: DOCX parsing failed: Security limit exceeded: File x", Unreadable.TOO_LARGE),
        ("ParsingError: Invalid PDF: FormatError", Unreadable.CORRUPT),
        ("corrupt deflate stream", Unreadable.CORRUPT),
        ("ValidationError: Unsupported format: x/y", Unreadable.UNSUPPORTED),
        ("something else", Unreadable.UNREADABLE),
    ],
)
def test_a_parsers_words_are_an_outcome(message: str, outcome: Unreadable) -> None:
    assert outcome_of(message) == outcome


def test_languages_have_two_letters_or_none() -> None:
    assert (short("eng"), short("cmn"), short("xyz")) == ("en", "zh", None)


async def test_a_caller_that_is_cancelled_leaves_the_worker_coming_for_the_next() -> None:
    starts, go = [], asyncio.Event()

    async def start() -> Worker:
        starts.append("start")
        await go.wait()
        return cast("Worker", "a worker")

    slot = Slot(start)
    first = asyncio.ensure_future(slot.worker())
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    go.set()
    assert await slot.worker() == cast("Worker", "a worker")
    assert starts == ["start"]


async def test_a_start_that_failed_is_told_to_who_asks_and_tried_again_for_the_next() -> None:
    answers: list[BaseException | str] = [Transient("no memory"), "a worker"]

    async def start() -> Worker:
        answer = answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return cast("Worker", answer)

    slot = Slot(start)
    slot.renew()
    with pytest.raises(Transient):
        await slot.worker()
    assert await slot.worker() == cast("Worker", "a worker")


async def test_the_library_for_pdfs_is_unpacked_once_into_a_folder_of_this_user_alone(tmp_path: Path) -> None:
    folder, again = await asyncio.gather(unpacked(tmp_path), unpacked(tmp_path))
    assert folder == again
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [file.name for file in (folder / UNPACKED).iterdir()] == ["libpdfium.so"]
    assert sorted(folder.iterdir()) == [folder / CACHE, folder / UNPACKED]


async def test_a_folder_that_others_can_write_to_is_not_loaded_from(tmp_path: Path) -> None:
    folder = await unpacked(tmp_path)
    folder.chmod(0o770)
    with pytest.raises(Transient, match="not a folder of this user's alone"):
        await unpacked(tmp_path)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Transient, match="not a folder of this user's alone"):
        await unpacked(tmp_path)
