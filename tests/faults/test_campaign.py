"""Every kind of fault there is, each alone and then several at once, under load; see tests/campaign."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.campaign.catalogue import CASES, KINDS
from tests.campaign.schedule import draw, faults_of
from tests.faults.support.report import note

SEED = "5"
MIXED = 6
COUNT = len(KINDS) + MIXED
AT_LEAST = 25
END_SECONDS = 120.0


def test_whatever_befalls_any_part_alone_or_together_clients_were_told_the_truth_and_it_heals(tmp_path: Path) -> None:
    struck = {fault.kind for fault in faults_of(draw(SEED, COUNT, CASES))}
    assert struck == KINDS.keys()
    assert COUNT >= AT_LEAST
    options = ["--faults", str(COUNT), "--seed", SEED, "--shrink", "0", "--logs", str(tmp_path)]
    with _campaign(options) as process:
        told, _ = process.communicate()
    for line in told.splitlines():
        if "left out" in line or "healed after" in line:
            note(f"campaign: {line.strip()}")
    assert process.returncode == 0, told


@contextmanager
def _campaign(options: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A process of its own, in a room of its own; it takes its stack down however this test ends."""
    process = subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-m", "tests.campaign", *options],
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=END_SECONDS)
