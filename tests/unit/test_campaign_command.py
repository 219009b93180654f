"""The command of a campaign: what it says of a seed that breaks something, without a stack to be broken."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.campaign import __main__ as command
from tests.campaign.room import INSIDE
from tests.campaign.runner import Happened, Outcome
from tests.campaign.schedule import Round, faults_of

GUILTY = {3, 9}


@pytest.fixture(autouse=True)
def _no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(INSIDE, "")
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, set[int]]]:
    """Chapters as they were run, each of which breaks where the guilty faults strike in it."""
    found: list[tuple[str, set[int]]] = []

    async def run(seed: str, rounds: Sequence[Round], folder: Path, say: Any, *, keep: bool = False) -> Outcome:
        assert folder.is_absolute(), "services know nothing of the folder that the command is in"
        del say, keep
        faults = faults_of(rounds)
        found.append((seed, {each.number for each in faults}))
        wrong = ["a document is gone"] if {each.number for each in faults} >= GUILTY else []
        return Outcome([Happened(each, 1.0, 2.0) for each in faults], wrong)

    monkeypatch.setattr(command, "run_chapter", run)
    return found


def _faults(folder: Path, *options: str) -> int:
    return command.main(["--seed", "1", "--logs", str(folder), *options])


def test_a_seed_that_breaks_nothing_runs_all_chapters_that_have_a_fault(
    runs: list[tuple[str, set[int]]], tmp_path: Path
) -> None:
    assert _faults(tmp_path, "--faults", "120", "--only", "1,2,119") == 0
    assert runs == [("1/1", {1, 2}), ("1/3", {119})]


def test_a_seed_that_breaks_something_says_which_few_faults_do_and_how_to_run_them_again(
    runs: list[tuple[str, set[int]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _faults(tmp_path, "--faults", "120", "--shrink", "100") == 1
    told = capsys.readouterr().err
    assert "a document is gone" in told
    assert "again: make faults N=120 SEED=1 CHAPTER=1 ONLY=3,9" in told
    assert {seed for seed, _ in runs} == {"1/1"}, "no chapter after the one that breaks"


def test_no_more_runs_are_made_to_shrink_than_allowed(runs: list[tuple[str, set[int]]], tmp_path: Path) -> None:
    assert _faults(tmp_path, "--faults", "50", "--shrink", "4") == 1
    assert len(runs) == 5


def test_a_chapter_is_run_again_with_the_faults_that_are_named_and_no_others(
    runs: list[tuple[str, set[int]]], tmp_path: Path
) -> None:
    assert _faults(tmp_path, "--faults", "120", "--chapter", "2", "--only", "60,70") == 0
    assert runs == [("1/2", {60, 70})]


def test_logs_may_lie_in_a_folder_that_is_said_from_where_one_is(
    runs: list[tuple[str, set[int]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _faults(Path("build/faults"), "--faults", "120", "--only", "1") == 0
    assert runs == [("1/1", {1})]
    assert [each.name.startswith("faults-") for each in (tmp_path / "build/faults").iterdir()] == [True]
