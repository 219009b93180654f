"""Dead letters on a terminal: whatever an attacker put into them, it is only text."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable

import pytest

from deploy.ops.dlq.bodies import body_lines
from deploy.ops.dlq.letters import Letter, original_of
from deploy.ops.dlq.piles import MOST_PILES, Piles
from deploy.ops.dlq.showing import as_lines, as_object, when
from services.chassis.delivery import Record
from tests.unit.dlq_letters import NOW, PARTITIONS, letter

ATTACKS = [
    b"\x1b[2J\x1b]0;title\x07",
    b"\x9b31m\xc2\x9b31m",
    "\u202egnp.exe \u2066 \u200b \ufeff".encode(),
    b"\r\nforged: line\n",
    b"\x00\x08\x7f",
    b"\xff\xfe\xed\xa0\x80",
    "\u2028\u2029\x85".encode(),
]


def shown(found: Letter, *, whole: bool = False) -> list[str]:
    return list(as_lines(found, "open", original_of(found, PARTITIONS), NOW, whole=whole))


def assert_safe(lines: Iterable[str]) -> None:
    assert [line for line in lines if not line.isprintable()] == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_part_of_a_letter_acts_on_a_terminal(attack: bytes) -> None:
    text = attack.decode("utf-8", "replace")
    for value in (attack, json.dumps({text: [text]}, ensure_ascii=False).encode()):
        record = Record("documents", 2, 7, attack, value, ((text, attack), (f"x{text}", None)), 0)
        found = letter(record=record, reason=text)
        assert_safe(shown(found))
        assert_safe(shown(found, whole=True))
        said = json.dumps(as_object(found, "open", original_of(found, PARTITIONS)))
        assert said.isascii()
        assert said.isprintable()


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_list_does_not_act_on_a_terminal(attack: bytes) -> None:
    piles = Piles()
    piles.add(letter(reason=attack.decode("utf-8", "replace")), "open")
    assert_safe(piles.as_lines(NOW, states=True))


def test_json_is_shown_with_indents_and_anything_else_as_a_hex_dump() -> None:
    assert list(body_lines('{"a": [1, "ä"], "b": {}}'.encode())) == [
        "{",
        '  "a": [',
        "    1,",
        '    "ä"',
        "  ],",
        '  "b": {}',
        "}",
    ]
    assert list(body_lines(b"plain text, 17b.\xff")) == [
        "00000000  70 6c 61 69 6e 20 74 65 78 74 2c 20 31 37 62 2e  |plain text, 17b.|",
        "00000010  ff                                               |.|",
    ]
    assert list(body_lines(b"")) == []


@pytest.mark.parametrize(
    "value",
    [
        b'{"a": 1, "a": 2}',
        b"[NaN]",
        b"[1e999]",
        b"[" * 100_000,
        b"[" * 101 + b"]" * 101,
        b"1" * 5000,
        b"\xef\xbb\xbf{}",
    ],
)
def test_json_that_would_be_shown_as_something_else_is_shown_as_bytes(value: bytes) -> None:
    assert next(iter(body_lines(value))).startswith("00000000  ")


def test_what_was_null_is_told_from_what_was_empty() -> None:
    record = Record("documents", 2, 7, None, None, (("a", None), ("b", b"")), 0)
    lines = shown(letter(record=record))
    assert "  key      null" in lines
    assert "    a: null" in lines
    assert "    b: " in lines
    assert "  body     null" in lines
    said = as_object(letter(record=record), "open", original_of(letter(record=record), PARTITIONS))
    assert (said["key"], said["value"]) == ({"null": True}, {"null": True})


@pytest.mark.parametrize("value", [b"\xff" * 2**20, b'"' + b"x" * 2**20 + b'"', b"[" + b"1," * 2**19 + b"1]"])
def test_a_body_of_a_megabyte_is_cut_unless_all_of_it_is_wanted(value: bytes) -> None:
    found = letter(record=Record("documents", 2, 7, b"k" * 2**20, value, (("h", b"x" * 2**20),), 0))
    cut = sum(map(len, shown(found)))
    assert cut < 80_000
    assert "more" in shown(found)[-1]
    assert sum(map(len, shown(found, whole=True))) > 2.9 * 2**20


def test_the_indents_of_deep_json_take_no_memory() -> None:
    value = b"[" * 90 + b"1," * 100_000 + b"1" + b"]" * 90
    tracemalloc.start()
    lines = sum(1 for _ in body_lines(value))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert lines > 100_000
    assert peak < 10_000_000


def test_a_thousand_reasons_are_told_apart_and_the_rest_are_others() -> None:
    piles = Piles()
    words = [f"{chr(97 + a)}{chr(97 + b)}{chr(97 + c)}x" for a in range(20) for b in range(20) for c in range(5)]
    for number, word in enumerate(words):
        piles.add(letter(number, reason=word), "open")
    found = piles.sorted()
    assert piles.letters == len(words) == sum(pile.letters for pile in found)
    assert len(found) == MOST_PILES + 1
    assert found[0].kind == ("quota", "…", "other reasons", "open")


def test_a_pile_says_where_it_begins_and_ends() -> None:
    piles = Piles()
    for offset, ago in ((3, 7200), (8, 60), (5, 90_000)):
        piles.add(letter(offset, reason=f"row {offset}", written_ms=int(NOW.timestamp() - ago) * 1000), "open")
    assert list(piles.as_lines(NOW, states=False)) == [
        "      3 quota      handler       1 d to 1 m     quota/0/3 … quota/0/5  row <n>"
    ]


def test_a_time_that_no_calendar_has_is_a_number() -> None:
    assert when(1_767_323_045_123) == "2026-01-02T03:04:05.123+00:00"
    assert when(2**62) == f"{2**62} ms"
