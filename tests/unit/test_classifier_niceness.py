"""Classification gives way: its workers and the model's threads are as nice as they are told to be, the loop is not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from pydantic import ValidationError

from services.classifier import niceness
from services.classifier.modes.model import Model
from services.classifier.niceness import Session, give_way
from services.classifier.reading import Source, Text
from services.classifier.sandbox.limits import Limits, Surroundings
from services.classifier.sandbox.pool import Pool
from services.classifier.settings_sandbox import SandboxSettings


def _after(*deeds: Callable[[], None]) -> int:
    """How nice a thread is that did these, one after the other."""

    def do() -> int:
        for deed in deeds:
            deed()
        return os.getpriority(os.PRIO_PROCESS, 0)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(do).result()


def _nice_of(pid: int) -> dict[int, int]:
    """How nice each thread of a process is, but for those that end meanwhile."""
    found: dict[int, int] = {}
    for each in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            found[int(each.name)] = os.getpriority(os.PRIO_PROCESS, int(each.name))
    return found


def _session_of(pid: int) -> str:
    return Path(f"/proc/{pid}/autogroup").read_text()


@pytest.mark.parametrize("nice", [0, 7, 19])
async def test_a_worker_gives_way_as_it_is_told_and_this_process_does_not(nice: int) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    children = {each.pid for each in psutil.Process().children()}
    async with Pool(Limits(), 1, Surroundings(nice=nice)) as pool:
        assert isinstance(await pool.read(Source(b"The roof is repaired.", 21)), Text)
        (worker,) = (each for each in psutil.Process().children() if each.pid not in children)
        assert set(_nice_of(worker.pid).values()) == {max(nice, before)}
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


async def test_a_worker_gives_way_to_other_sessions_too_where_the_kernel_counts_by_session() -> None:
    if not niceness.AUTOGROUP.exists():
        pytest.skip("this kernel does not share out time by session")
    children = {each.pid for each in psutil.Process().children()}
    async with Pool(Limits(), 1, Surroundings(nice=11)) as pool:
        await pool.read(Source(b"The roof is repaired.", 21))
        (worker,) = (each for each in psutil.Process().children() if each.pid not in children)
        assert _session_of(worker.pid).endswith("nice 11\n")


async def test_the_models_processes_give_way_and_this_one_does_not() -> None:
    before, children = _nice_of(os.getpid()), {each.pid for each in psutil.Process().children()}
    async with Model(processes=2, surroundings=Surroundings(nice=13)) as model:
        await asyncio.gather(*(model.vector(f"An invoice of {number} euros") for number in range(4)))
        made = [each.pid for each in psutil.Process().children() if each.pid not in children]
        assert [set(_nice_of(each).values()) for each in made] == [{13}, {13}]
    assert set(_nice_of(os.getpid()).values()) == set(before.values())
    assert not any(map(psutil.pid_exists, made))


def test_who_is_nicer_already_stays_so() -> None:
    assert _after(lambda: give_way(15), lambda: give_way(3)) == 15


def test_a_kernel_that_knows_no_sessions_is_no_hindrance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(niceness, "AUTOGROUP", tmp_path / "none" / "autogroup")
    Session().give_way()


def test_a_session_that_may_not_be_told_just_now_is_told_a_little_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[bytes] = []

    def write(_: int, said: bytes) -> int:
        told.append(said)
        if len(told) < 3:
            raise BlockingIOError
        return len(said)

    monkeypatch.setattr(niceness, "AUTOGROUP", tmp_path / "autogroup")
    monkeypatch.setattr(niceness, "_PAUSE_SECONDS", 0)
    monkeypatch.setattr(os, "write", write)
    Session().give_way()
    assert told == [str(os.getpriority(os.PRIO_PROCESS, 0)).encode()] * 3


@pytest.mark.parametrize("nice", [-1, 20])
def test_who_must_not_wait_less_than_others_cannot_be_told_to(nice: int) -> None:
    with pytest.raises(ValidationError, match="classifier_nice"):
        SandboxSettings(classifier_nice=nice)


def test_by_default_all_of_it_gives_way_to_everything() -> None:
    assert SandboxSettings().surroundings.nice == SandboxSettings().classifier_nice == 19
