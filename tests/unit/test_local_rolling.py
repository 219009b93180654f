"""The order in which processes are announced, stopped and started; the real thing is in tests/stack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.local import rolling
from deploy.local.programs import Program
from deploy.local.rolling import Member, Roller, Team, count_in
from deploy.local.server_gateway import HEALTH_FAILS
from deploy.local.supervisor import Supervisor


class Recorder:
    """Notes what a supervisor is asked to do."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def start(self, name: str) -> None:
        self.done.append(f"start {name}")

    def stop(self, name: str) -> None:
        self.done.append(f"stop {name}")

    def replace(self, name: str) -> None:
        self.done.append(f"replace {name}")

    def signal(self, name: str, signal: str) -> None:
        self.done.append(f"{signal} {name}")

    def until_well(self, programs: Sequence[Program]) -> None:
        self.done.extend(f"well {program.name}" for program in programs)


async def nothing() -> None:
    """A check of a program that is never run."""


def member(name: str) -> Member:
    return Member(Program(name, (), {}, nothing), port=1)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    found = Recorder()

    async def told(member: Member, answer: str, times: int) -> bool:
        found.done.append(f"told {member.program.name} {answer} {times}")
        return True

    monkeypatch.setattr(rolling, "_told", told)
    return found


def roll(recorder: Recorder, team: Team) -> list[str]:
    supervisor: Supervisor = recorder  # type: ignore[assignment]
    Roller(supervisor, recorder.until_well).roll(team)
    return recorder.done


def leaves(name: str) -> list[str]:
    return [f"USR1 {name}", f"told {name} leaving {HEALTH_FAILS + 1}"]


def comes(name: str) -> list[str]:
    return [f"start {name}", f"well {name}", f"told {name} alive 1"]


def test_the_only_one_is_stood_in_for_from_before_it_leaves_until_after_it_is_back(recorder: Recorder) -> None:
    done = roll(recorder, Team([member("upload-1")], member("upload-spare"), asked=True))
    only = [*leaves("upload-1"), "replace upload-1", *comes("upload-1")]
    assert done == [*comes("upload-spare"), *only, *leaves("upload-spare"), "stop upload-spare"]


def test_of_several_one_is_away_at_a_time(recorder: Recorder) -> None:
    done = roll(recorder, Team([member("quota-1"), member("quota-2")], None, asked=True))
    assert done == [
        step for name in ("quota-1", "quota-2") for step in (*leaves(name), f"replace {name}", *comes(name))
    ]


def test_who_has_no_clients_is_restarted_without_a_word(recorder: Recorder) -> None:
    done = roll(recorder, Team([member("janitor-1")], None, asked=False))
    assert done == ["replace janitor-1", "start janitor-1", "well janitor-1"]


def test_a_gateway_that_does_not_ask_is_not_waited_for_for_ever(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(rolling, "PATIENCE_SECONDS", 0.2)
    silent = Member(Program("upload-spare", (), {}, nothing), socket=tmp_path / "nobody")
    done = roll(recorder, Team([silent], None, asked=True))
    assert done == ["USR1 upload-spare", "replace upload-spare", "start upload-spare", "well upload-spare"]


def test_answers_are_counted_by_what_they_said() -> None:
    text = 'docuvault_http_probes_total{answer="alive"} 12.0\ndocuvault_http_probes_total{answer="leaving"} 2.0\n'
    assert [count_in(text, "alive"), count_in(text, "leaving"), count_in("", "alive")] == [12, 2, 0]
