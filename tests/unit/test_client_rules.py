"""The client's rules that need no server: pauses, errors in words, the lines of a stream, what is remembered."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import pytest
from docuvault_client import Invalid, Journal, NotFound, Patience, QuotaExceeded, Unauthorized, Unavailable, Unexpected
from docuvault_client.errors import error_of
from docuvault_client.events import Blocks
from docuvault_client.resume import Begun
from docuvault_client.retry import seconds_of
from docuvault_client.sources import guess_type
from docuvault_client.transport import parsed
from docuvault_contracts.http import Quota

PATIENCE = Patience(first_seconds=1.0, longest_seconds=8.0, retry_after_seconds=60.0)


def test_pauses_grow_to_a_bound_and_are_never_the_same_for_all() -> None:
    longest = [PATIENCE.pause(tried, chance=lambda: 1.0) for tried in range(1, 7)]
    shortest = [PATIENCE.pause(tried, chance=lambda: 0.0) for tried in range(1, 7)]
    assert longest == [1, 2, 4, 8, 8, 8]
    assert shortest == [0.5, 1, 2, 4, 4, 4]
    assert PATIENCE.pause(10**6, chance=lambda: 1.0) == 8


def test_a_server_is_waited_for_as_long_as_it_asks_within_reason() -> None:
    assert PATIENCE.pause(1, 7.0, chance=lambda: 1.0) == 7
    assert PATIENCE.pause(1, 10**9, chance=lambda: 1.0) == 60
    assert PATIENCE.pause(4, 2.0, chance=lambda: 1.0) == 8
    assert [seconds_of(said) for said in (None, "3", "Wed, 21 Oct 2026 07:28:00 GMT", "-1")] == [None, 3, None, None]


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {"detail": "Not authenticated"}, Unauthorized, "Not authenticated"),
        (404, {"detail": "Document\nnot found"}, NotFound, "Document not found"),
        (413, {"detail": "Request body too large"}, Invalid, "Request body too large"),
        (422, {"detail": [{"loc": ["body", "filename"], "msg": "no name"}]}, Invalid, "body.filename: no name"),
        (413, {"detail": {"used_bytes": "much"}}, Unexpected, "the API refused it, by numbers that are none"),
        (429, None, Unavailable, "the API answered 429"),
        (502, ["html"], Unavailable, "the API answered 502"),
        (302, None, Unexpected, "the API answered 302"),
    ],
)
def test_an_answer_is_an_error_by_its_status_and_in_one_line(
    status: int, body: object, kind: type[Exception], words: str
) -> None:
    error = error_of(status, body)
    assert (type(error), str(error)) == (kind, words)


def test_a_refusal_says_by_how_much_it_does_not_fit_also_of_an_older_server() -> None:
    error = error_of(413, {"detail": {"used_bytes": 900, "limit_bytes": 1000, "rejected_bytes": 1100}})
    assert isinstance(error, QuotaExceeded)
    assert error.detail.over_by_bytes == 1000
    assert str(error) == "it does not fit: 1,100 bytes are 1,000 more than are left (900 of 1,000 are in use)"


def test_fields_of_a_newer_api_are_left_out_and_missing_ones_are_told() -> None:
    assert parsed(Quota, {"used_bytes": 1, "limit_bytes": 2, "colour": "red"}) == Quota(used_bytes=1, limit_bytes=2)
    with pytest.raises(Unexpected, match="no Quota: 2 fields are wrong"):
        parsed(Quota, {})


def test_a_stream_is_read_by_its_lines() -> None:
    blocks = Blocks("1.7")
    lines = ["retry: 1000", "", "event: hello", "data: {}", "", ": still here", "id: 1.8", "", "event:x", "data: a"]
    told = [blocks.line(line) for line in [*lines, "data:b", "id: 1.9\0", "", "event: lost", ""]]
    assert [each for each in told if each] == [("hello", "{}"), ("x", "a\nb")]
    assert (blocks.last_id, blocks.retry_seconds) == ("1.8", 1.0)


def test_what_was_begun_is_remembered_by_address_and_file_and_forgotten(tmp_path: Path) -> None:
    journal, begun = Journal(tmp_path / "uploads"), Begun(uuid4(), 16)
    assert journal.find("https://a", "file") is None
    journal.note("https://a", "file\udcff", begun)
    assert journal.find("https://a", "file\udcff") == begun
    assert [journal.find("https://b", "file\udcff"), journal.find("https://a", "other")] == [None, None]
    journal.forget("https://a", "file\udcff")
    assert (journal.find("https://a", "file\udcff"), list((tmp_path / "uploads").iterdir())) == (None, [])


def test_notes_of_uploads_that_nobody_finished_do_not_pile_up(tmp_path: Path) -> None:
    journal, begun = Journal(tmp_path), Begun(uuid4(), 16)
    journal.note("a", "old", begun)
    [old] = tmp_path.iterdir()
    os.utime(old, (0, 0))
    journal.note("a", "new", begun)
    assert (journal.find("a", "old"), journal.find("a", "new")) == (None, begun)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Report.PDF", "application/pdf"),
        ("a.tar.gz", "application/gzip"),
        ("data:text/html,x", "application/octet-stream"),
        ("a b.c d", "application/octet-stream"),
        (".txt", "application/octet-stream"),
    ],
)
def test_a_media_type_is_guessed_by_the_suffix_alone(name: str, kind: str) -> None:
    assert guess_type(name) == kind


@pytest.mark.parametrize("text", ["", "{", "[]", '{"document_id": "x", "part_bytes": 1}', '{"document_id": 5}'])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    journal = Journal(tmp_path)
    journal.note("a", "b", Begun(uuid4(), 1))
    next(tmp_path.iterdir()).write_text(text)
    assert journal.find("a", "b") is None


def test_a_folder_that_cannot_be_written_to_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "uploads")
    journal.note("a", "b", Begun(uuid4(), 1))
    journal.forget("a", "b")
    assert journal.find("a", "b") is None
