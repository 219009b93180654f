"""`python -m benchmarks` on real servers: one line, tiny, so that it does not rot; how fast it is proves nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.embedded("the benchmark starts an embedded stack of its own")

CHECKOUT = Path(__file__).parents[2]
TINY = ("--only", "one hot user", "--rounds", "1", "--records", "10000", "--seconds", "3")


def test_a_line_is_measured_shown_written_and_drawn(tmp_path: Path) -> None:
    output = tmp_path / "bench.json"
    command = [sys.executable, "-m", "benchmarks", *TINY, "--output", str(output)]
    says = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=240)  # noqa: S603 - our own
    assert says.returncode == 0, says.stderr
    (line,) = json.loads(output.read_text())
    assert line["line"] == "decisions/s, one hot user"
    assert line["ratio"] > 0
    assert "decisions/s, one hot user" in says.stdout
    assert output.with_suffix(".svg").read_text().startswith("<svg ")


def test_a_line_that_is_not_there_is_refused_in_one_line_that_names_those_that_are() -> None:
    command = [sys.executable, "-m", "benchmarks", "--only", "nonsense"]
    says = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own
    assert says.returncode == 1
    assert says.stderr.startswith("bench: no line has 'nonsense' in its name; there are: decisions/s")
    assert says.stderr.count("\n") == 1
