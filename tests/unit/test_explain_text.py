"""What explain shows: in the order of time, and harmless, whatever a client called its file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from deploy.ops.explain_model import Explained, Filing, Kafka, User
from deploy.ops.explain_rules import judge
from deploy.ops.explain_story import story_of
from deploy.ops.explain_text import as_dict, as_text, user_dict, user_text
from deploy.ops.showing import clean, shell_word, span
from tests.unit.explain_facts import (
    NOW,
    TIMING,
    after,
    decision,
    document,
    facts,
    groups,
    heard,
    kafka,
    known,
    letter,
    stored,
    waiting,
)


def explained(found: object) -> Explained:
    return Explained(found, judge(found, TIMING))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\nstate    settled", "a\\x0astate    settled"),
        ("invoice\u202efdp.exe", "invoice\\u202efdp.exe"),
        ("a\u2066b\u2069", "a\\u2066b\\u2069"),
        ("a\u2028b", "a\\u2028b"),
        ("a\x9b31m", "a\\x9b31m"),
        ("\ud800", "\\ud800"),
        ("a\\x1b", "a\\\\x1b"),
        ("Grüße 日本", "Grüße 日本"),
    ],
)
def test_text_that_a_terminal_obeys_is_shown_as_its_code(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown


def test_long_text_is_cut() -> None:
    assert clean("x" * 1000, 10) == "xxxxxxxxxx…"


@pytest.mark.parametrize("key", ["a b", "a'b", "$(rm x)", "a\nb", "\u202ea", "-x", ""])
def test_a_word_of_a_shell_holds_nothing_that_a_terminal_obeys(key: str) -> None:
    assert shell_word(key).isprintable()


def test_no_text_of_a_client_or_a_record_makes_a_line_of_its_own() -> None:
    evil = "x\nstate    settled\x1b[2J\u202e"
    found = facts(
        document=document(filename=evil, content_type=evil),
        kafka=kafka(replace(heard("Put"), type=evil, what=evil), dead=(replace(letter("quota"), reason=evil),)),
        away={"kafka": evil},
        notes=(evil,),
    )
    text = as_text(explained(replace(found, stored=stored(etag=evil))))
    assert sum(line.startswith("state    ") for line in text.splitlines()) == 1
    assert all(line.isprintable() for line in text.split("\n"))


def test_json_is_ascii_and_holds_the_whole_text() -> None:
    evil = "x\u202e\x1b" * 500
    said = json.dumps(as_dict(explained(facts(document=document(filename=evil)))), default=str)
    assert said.isascii()
    assert json.loads(said)["facts"]["document"]["filename"] == evil


def test_a_story_is_in_the_order_of_time_and_says_who_tells_each_line() -> None:
    found = facts(
        document=document("rejected", reason="over_quota", version=2, updated_at=after(minutes=9)),
        decisions=(decision(), decision("rejected", 2, decided_at=after(minutes=7), released_bytes=5)),
        known=known("removed", changed_at=after(minutes=8), removed_at=after(minutes=8, seconds=1)),
        stored=None,
        kafka=kafka(
            heard("quota.rejected", "quota", 4, after(minutes=7, seconds=1)),
            heard("s3:ObjectCreated:Put", at=after(seconds=59)),
            dead=(letter("upload"),),
        ),
    )
    lines = story_of(found)
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert [line.source for line in lines] == [
        "upload", "storage.events/1/7", "ledger", "dlq.upload/0/3", "ledger", "quota/1/4",
        "janitor", "janitor", "upload",
    ]  # fmt: skip
    assert lines[4].what.startswith("version 2: rejected (over_quota) 5 bytes, 5 given back; 95 of 97 bytes in use")
    assert "on the word of storage.events/1/7" in lines[4].what


def test_what_is_settled_says_so() -> None:
    assert "for nothing: it is settled" in as_text(explained(facts()))


def test_what_waits_says_for_what_since_when_and_what_to_do() -> None:
    text = as_text(explained(waiting(stored=stored())))
    assert "state    undecided" in text
    assert "since    2026-01-01 12:01:00.000Z" in text
    assert "do       docuvault explain --doc" in text
    assert "heals    the sweep" in text


def test_a_reading_that_did_not_get_through_says_so() -> None:
    text = as_text(explained(facts(kafka=Kafka(NOW, groups(), unread=1200, open_unread=200, left_out=3))))
    assert "there was no time for 1,200 records, 200 of them" in text
    assert "3 more records about it are not shown" in text


def test_a_user_is_shown_with_a_line_for_each_document_that_waits() -> None:
    user = User("u", None, 10, {"pending": 2, "uploaded": 1}, (explained(waiting()), explained(waiting())), 4)
    text = user_text(user)
    assert "none: the user was never registered" in text
    assert "2 pending, 1 uploaded" in text
    assert text.count("waiting  ") == 2
    assert "and 4 more" in text
    assert json.loads(json.dumps(user_dict(user), default=str))["counts"] == {"pending": 2, "uploaded": 1}


@pytest.mark.parametrize(
    ("length", "shown"),
    [({"seconds": 90}, "90 s"), ({"minutes": 30}, "30 min"), ({"hours": 24}, "24 h"), ({"minutes": 150}, "2 h 30 min")],
)
def test_lengths_of_time_are_told_in_the_units_that_matter(length: dict[str, float], shown: str) -> None:
    assert span(timedelta(**length).total_seconds()) == shown


def test_the_story_tells_what_came_of_a_document_and_that_it_waits_for_the_classifier() -> None:
    told = Filing(after(minutes=3), "nothing_fits", after(minutes=2), waits=True, due_at=after(hours=1), at_work=None,
                  attempts=2, before=1234)  # fmt: skip
    lines = [line.what for line in story_of(replace(facts(), filing=told)) if line.source == "classifier"]
    wait = "waits to be classified, 1,234 before it; begun 2 times; not before 2026-01-01 13:00:00.000Z"
    assert lines == ["classified: nothing_fits", wait]
    at_work = replace(told, outcome=None, told_at=None, at_work=True, attempts=0)
    lines = [line.what for line in story_of(replace(facts(), filing=at_work)) if line.source == "classifier"]
    assert lines == ["is being classified"]
