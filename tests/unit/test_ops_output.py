"""What commands say: JSON of any length, and how far they are."""

from __future__ import annotations

import io
import json
import sys

import pytest

from deploy.ops.output import JsonList, printable, say
from deploy.ops.progress import Progress


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_list_that_is_written_item_by_item_is_json(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    written = JsonList("letters")
    items = [{"id": number, "reason": "\x9b\u202e\n"} for number in range(count)]
    for item in items:
        written.add(item)
    written.end(count=count, stopped=None)
    said = capsys.readouterr().out
    assert json.loads(said) == {"letters": items, "count": count, "stopped": None}
    assert said.isascii()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ä 文 …", "plain ä 文 …"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("\x9b\u202e\u2028\ud800", "\\x9b\\u202e\\u2028\\ud800"),
        ("\U000e0041\n", "\\U000e0041\\x0a"),
    ],
)
def test_what_a_terminal_would_act_upon_is_shown_as_its_code(
    text: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printable(text) == shown
    say(text)
    assert capsys.readouterr().out == f"{shown}\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr("deploy.ops.progress.time.monotonic", lambda: now[0])
    return now


def test_what_is_short_says_nothing_of_how_far_it_is(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, patience in ((Terminal(), 0.4), (io.StringIO(), 9.0)):
        monkeypatch.setattr(sys, "stderr", stream)
        with Progress("read", 10) as shown:
            clock[0] += patience
            shown.at(9)
        assert stream.getvalue() == ""


def test_what_is_long_says_so_and_leaves_a_terminal_clean(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with Progress("letters read", 100_000) as shown:
        clock[0] += 1
        shown.at(1000)
        shown.at(1001)
    assert terminal.getvalue() == "\r\x1b[Kletters read: 1,000 of 100,000\r\x1b[K"


def test_elsewhere_it_is_a_line_every_ten_seconds(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", log := io.StringIO())
    with Progress("letters read", 30) as shown:
        for done in range(30):
            clock[0] += 1
            shown.at(done)
    assert log.getvalue() == "letters read: 9 of 30\nletters read: 19 of 30\nletters read: 29 of 30\n"


def test_it_is_silent_where_lines_of_the_answer_show_how_far_it_is(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    with Progress("letters read", 30, among_lines=True) as shown:
        clock[0] += 100
        shown.at(7)
    assert terminal.getvalue() == ""
