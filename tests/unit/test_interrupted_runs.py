from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.__main__ import LANES

CHECKOUT = Path(__file__).parents[2]
ONE = (sys.executable, "-m", "pytest", "test_one.py")
WHOLE = (sys.executable, "-m", "tests")
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(CHECKOUT),
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # none of them is needed, and they take two of three seconds of a start
    "PYTEST_ADDOPTS": f"-q -c {os.devnull} -p tests.conftest",
}
FILES = (
    "tests/faults/test_one.py",
    "tests/unit/test_two.py",
    "tests/stack/test_three.py",
    "tests/stack/client/test_four.py",
)
"""A file in each lane."""
LIVE = "tests/stack/test_three.py"
"""That of the first lane, which is shown as it runs."""

HANGING = """
import asyncio, pathlib, pytest

@pytest.fixture(scope="session")
def server():
    pathlib.Path(__file__ + ".runs").touch()
    yield
    pathlib.Path(__file__ + ".down").touch()

def test_that_hangs(server):
    asyncio.run(asyncio.sleep(60))
"""

AT_WORK = """
import asyncio, contextlib, pathlib, pytest, time

@pytest.fixture(scope="session")
def server():
    yield
    pathlib.Path(__file__ + ".down").touch()

@pytest.fixture(scope="session")
def working(server):
    async def work():
        while True:
            time.sleep(0.01)
            await asyncio.sleep(0)

    async def end(task):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    with asyncio.Runner() as runner:
        task = runner.get_loop().create_task(work())
        yield runner
        runner.run(end(task))

def test_that_hangs(working):
    pathlib.Path(__file__ + ".runs").touch()
    working.run(asyncio.sleep(60))
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def lanes_in(folder: Path) -> Path:
    """The folder, with all the places that are named in the lanes, as empty as can be."""
    for place in (part for lane in LANES for part in lane if not part.startswith("-")):
        path = folder / place
        path.mkdir(parents=True, exist_ok=True) if not path.suffix else write(folder, place, "")
    return folder


def told_to_end(command: Sequence[str], folder: Path, files: Sequence[Path]) -> int:
    """The exit code of a run that gets a SIGTERM as soon as the servers of all files run."""
    with subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL) as run:  # noqa: S603
        while not all(Path(f"{file}.runs").exists() for file in files):
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(signal.SIGTERM)
        return run.wait(30)


@pytest.mark.parametrize("text", [HANGING, AT_WORK], ids=["that waits", "whose loop is at work"])
def test_a_run_that_is_told_to_end_takes_its_servers_down(tmp_path: Path, text: str) -> None:
    file = write(tmp_path, "test_one.py", text)
    assert told_to_end(ONE, tmp_path, [file]) == 2
    assert Path(f"{file}.down").exists()


def test_a_whole_run_that_is_told_to_end_has_all_lanes_take_their_servers_down(tmp_path: Path) -> None:
    files = [write(lanes_in(tmp_path), name, HANGING) for name in FILES]
    assert told_to_end(WHOLE, tmp_path, files) == 2
    assert all(Path(f"{file}.down").exists() for file in files)


@pytest.mark.parametrize("fails", [*FILES, ""])
def test_a_whole_run_shows_all_lanes_and_fails_where_any_does(fails: str, tmp_path: Path) -> None:
    for name in FILES:
        write(lanes_in(tmp_path), name, f"def test_it():\n    assert {name != fails}\n")
    ran = subprocess.run(WHOLE, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False)  # noqa: S603
    assert ran.returncode == bool(fails), ran.stdout
    assert ran.stdout.count("1 passed") == len(FILES) - bool(fails)
    assert ran.stdout.count("1 failed") == bool(fails)
    assert fails in {"", LIVE} or "1 failed" in ran.stdout.splitlines()[-1], "what failed is not at the end"
