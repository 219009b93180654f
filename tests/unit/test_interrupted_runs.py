from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]

HANGING = """
import asyncio, pathlib, pytest

@pytest.fixture(scope="session")
def server():
    yield
    pathlib.Path("taken-down").touch()

def test_that_hangs(server):
    print("hanging", flush=True)
    asyncio.run(asyncio.sleep(60))
"""


def test_a_run_that_is_told_to_end_takes_its_servers_down(tmp_path: Path) -> None:
    (tmp_path / "test_hanging.py").write_text(HANGING)
    command = [sys.executable, "-m", "pytest", "-s", "-q", "-c", os.devnull, "-p", "tests.conftest", "test_hanging.py"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as run:  # noqa: S603
        assert run.stdout is not None
        assert any("hanging" in line for line in run.stdout)
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=30)
    assert (tmp_path / "taken-down").exists()
    assert run.returncode == 2
