"""Failpoints: a named one stops the whole process at the hit that was asked for, and none does anything when off."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from services.chassis.failpoints import REACHED, Name, arm, failpoint, trigger_path
from services.chassis.settings import SettingsError

POINT: Name = "consumer.after_handle"
OTHER: Name = "consumer.after_poll"
ROOT = Path(__file__).parents[2]
HITS = """
import sys
from pathlib import Path
from tests.unit.test_chassis_failpoints import POINT, Wanted, arm, failpoint
arm(Wanted(Path(sys.argv[1])))
for number in range(5):
    print(number, flush=True)
    failpoint(POINT)
"""


@dataclass(frozen=True)
class Wanted:
    failpoints_dir: Path | None
    http_host: str = "127.0.0.1"
    service_name: str = "example"
    replica: str = "1"


@pytest.fixture(autouse=True)
def _off() -> Iterator[None]:
    yield
    arm(Wanted(None))


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> list[signal.Signals]:
    """The signals that this process would have sent to itself."""
    sent: list[signal.Signals] = []
    monkeypatch.setattr(signal, "raise_signal", sent.append)
    return sent


@contextmanager
def _hitting(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that says a number before each of its five hits of POINT."""
    command = [sys.executable, "-c", HITS, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            yield process
        finally:
            process.kill()


def _is_stopped(process: subprocess.Popen[str]) -> bool:
    """Waits until it is stopped, or has ended."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    return os.WIFSTOPPED(status)


def _said(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return [line.strip() for line in process.stdout if line.strip().isdigit()]


def test_a_process_stops_at_the_hit_asked_for_and_says_so_and_dies_there(tmp_path: Path) -> None:
    trigger = trigger_path(tmp_path, "example-1", POINT)
    trigger.write_text("3")
    with _hitting(tmp_path) as process:
        assert _is_stopped(process)
        assert not trigger.exists()
        assert Path(f"{trigger}{REACHED}").exists()
        os.kill(process.pid, signal.SIGKILL)
        assert _said(process) == ["0", "1", "2"]


def test_a_process_that_is_resumed_goes_on_and_is_not_stopped_again(tmp_path: Path) -> None:
    trigger_path(tmp_path, "example-1", POINT).touch()
    with _hitting(tmp_path) as process:
        assert _is_stopped(process)
        os.kill(process.pid, signal.SIGCONT)
        assert _said(process) == ["0", "1", "2", "3", "4"]
        assert process.wait() == 0


@pytest.mark.parametrize(("process", "name"), [("example-2", POINT), ("other-1", POINT), ("example-1", OTHER)])
def test_a_trigger_of_another_process_or_point_stops_nobody(process: str, name: Name, tmp_path: Path) -> None:
    trigger_path(tmp_path, process, name).touch()
    with _hitting(tmp_path) as hitting:
        assert not _is_stopped(hitting)
    assert trigger_path(tmp_path, process, name).exists()


def test_off_no_trigger_is_looked_for(tmp_path: Path, stops: list[signal.Signals]) -> None:
    trigger = trigger_path(tmp_path, "example-1", POINT)
    trigger.touch()
    failpoint(POINT)
    assert (stops, trigger.exists()) == ([], True)
    arm(Wanted(tmp_path))
    failpoint(POINT)
    assert (stops, trigger.exists()) == ([signal.SIGSTOP], False)
    trigger.touch()
    arm(Wanted(None))
    failpoint(POINT)
    assert (stops, trigger.exists()) == ([signal.SIGSTOP], True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "docuvault.example"])  # noqa: S104 - refused
def test_a_process_that_other_machines_can_reach_refuses_them(
    host: str, tmp_path: Path, stops: list[signal.Signals]
) -> None:
    trigger_path(tmp_path, "example-1", POINT).touch()
    with pytest.raises(SettingsError, match="FAILPOINTS_DIR"):
        arm(Wanted(tmp_path, http_host=host))
    failpoint(POINT)
    assert stops == []


def test_every_declared_point_is_placed_exactly_once() -> None:
    texts = [path.read_text() for path in (ROOT / "services").rglob("*.py") if path.name != "failpoints.py"]
    placed = Counter(name for text in texts for name in re.findall(r'\bfailpoint\("([^"]*)"\)', text))
    assert placed == Counter(get_args(Name))
