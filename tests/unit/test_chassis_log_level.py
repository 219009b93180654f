"""What a process logs, changed while it runs: at once, for all loggers there are, and for a bounded time."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import signal
from collections.abc import Iterator

import pytest
import structlog

from services.chassis import log_level
from services.chassis.log_level import Verbosity, listen_for_verbosity
from services.chassis.logging import Level, configure, level_now, set_level
from tests.stack.support.waiting import eventually


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    monkeypatch.setattr(log_level, "log", structlog.get_logger("services.log_level"))  # the module's own is kept
    root = logging.getLogger()
    before = root.handlers[:], root.level
    found = io.StringIO()
    configure("quota", "2", "INFO", stream=found)
    yield found
    set_level("INFO")
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


def events(stream: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("DEBUG", ["debug", "info", "warning", "error"]),
        ("INFO", ["info", "warning", "error"]),
        ("WARNING", ["warning", "error"]),
        ("ERROR", ["error"]),
    ],
)
def test_a_level_holds_for_loggers_that_were_used_before(stream: io.StringIO, level: Level, said: list[str]) -> None:
    log, library = structlog.get_logger("services.a"), logging.getLogger("a.library")
    log.info("before")
    library.info("before")
    stream.truncate(0)
    stream.seek(0)
    set_level(level)
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)(name)
        getattr(library, name)(name)
    assert events(stream) == [each for each in said for _ in range(2)]
    assert level_now() == level


async def test_a_signal_logs_more_at_once_and_a_second_one_as_before(stream: io.StringIO) -> None:
    log = structlog.get_logger("services.a")
    listen_for_verbosity()
    try:
        for word, level in (("seen", "DEBUG"), ("hidden", "INFO")):
            os.kill(os.getpid(), signal.SIGUSR2)
            await eventually(lambda: asyncio.sleep(0, level_now()), becomes=level)
            log.debug(word)
    finally:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGUSR2)
    assert events(stream) == ["log.level_changed", "seen", "log.level_changed"]


async def test_what_is_forgotten_ends_by_itself_and_goes_back_to_what_it_was(stream: io.StringIO) -> None:
    set_level("WARNING")
    Verbosity(0.01).toggle()
    assert level_now() == "DEBUG"
    await eventually(lambda: asyncio.sleep(0, level_now()), becomes="WARNING")
    assert json.loads(stream.getvalue().splitlines()[-1])["because"] == "time"


async def test_a_new_one_after_the_end_of_an_old_one_has_its_whole_time(stream: io.StringIO) -> None:
    verbosity = Verbosity(0.2)
    verbosity.toggle()
    verbosity.toggle()
    verbosity.toggle()
    await asyncio.sleep(0.1)
    assert (level_now(), len(events(stream))) == ("DEBUG", 3)
    await eventually(lambda: asyncio.sleep(0, level_now()), becomes="INFO")
