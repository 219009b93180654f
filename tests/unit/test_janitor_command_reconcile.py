"""What a walk made by hand shows: a line a difference, how far it is, and an exit code."""

from __future__ import annotations

import argparse
import io
import json

import pytest

from services.chassis.storage import Listed
from services.janitor import command_reconcile
from services.janitor.command_reconcile import Shown, add_arguments, verdict
from services.janitor.decide import Ledger, State
from services.janitor.reconcile_progress import Progress
from services.janitor.reconcile_rules import Difference, Kind
from tests.unit.janitor_bucket import heard, key

DIFFERENT = Difference(Kind.DIFFERENT, key(1), Listed(key(1), 7, "new", 0), heard(key(1)))
MISSING = Difference(Kind.MISSING, key(2), None, heard(key(2)))
UNWANTED = Difference(Kind.UNWANTED, key(3), Listed(key(3), 7, "new", 0), heard(key(3), Ledger.REJECTED, State.REMOVED))
FOREIGN = Difference(Kind.FOREIGN, "a b\x1b[31m\n", Listed("a b\x1b[31m\n", 7, "e", 0), None)


def shown(*differences: Difference, as_json: bool = False) -> list[str]:
    out = io.StringIO()
    listener = Shown(out, io.StringIO(), as_json=as_json)
    for difference in differences:
        listener.found(difference)
    return out.getvalue().splitlines()


def test_a_difference_is_a_line_with_both_sides() -> None:
    paid = "state keep, ledger reserved, size_bytes 5, etag e"
    assert shown(DIFFERENT, MISSING, UNWANTED) == [
        f"different  {key(1)}  stored: size_bytes 7, etag new  heard: {paid}",
        f"missing    {key(2)}  stored: nothing  heard: {paid}",
        f"unwanted   {key(3)}  stored: size_bytes 7, etag new  heard: state removed, ledger rejected",
    ]


def test_no_key_reaches_the_terminal_as_anything_but_text() -> None:
    assert shown(FOREIGN) == [r"foreign    'a b\x1b[31m\n'  stored: size_bytes 7, etag e  heard: nothing"]
    (line,) = shown(FOREIGN, as_json=True)
    assert json.loads(line) == {"kind": "foreign", "key": "a b\x1b[31m\n", "stored": {"size_bytes": 7, "etag": "e"}}
    assert line.isprintable()


def test_how_far_it_is_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    told = io.StringIO()
    listener = Shown(io.StringIO(), told, as_json=False)
    progress = Progress("a/b")
    progress.counts.update(objects=3000, missing=2)
    listener.passed(1000, progress)
    assert told.getvalue() == ""
    monkeypatch.setattr(command_reconcile, "TELL_SECONDS", 0)
    listener.passed(1000, progress)
    assert told.getvalue() == "3000 objects, 2 differences, at 'a/b'\n"


@pytest.mark.parametrize(
    ("arguments", "counts", "code"),
    [
        ([], {}, 0),
        ([], {"missing": 3, "undecided": 1}, 0),
        ([], {"foreign": 2}, 1),
        (["--remove-foreign"], {"foreign": 2, "removed": 2}, 0),
        (["--dry-run"], {}, 0),
        (["--dry-run"], {"missing": 3}, 1),
        (["--dry-run", "--remove-foreign"], {"foreign": 2}, 1),
    ],
    ids=str,
)
def test_the_exit_code_says_whether_something_is_left_as_it_was(
    arguments: list[str], counts: dict[str, int], code: int
) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    progress = Progress()
    progress.counts.update(counts)
    assert verdict(progress.result(), parser.parse_args(arguments)) == code
