"""Runs the tests of one mutant on a copy of the checkout, and says whether they noticed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.mutants.catalogue import Mutant

Outcome = Literal["killed", "survived", "broken"]

LIMIT_SECONDS = 900.0
_PASSED, _FAILED = 0, 1
_FAILURE = re.compile(r"^FAILED (\S+)", re.MULTILINE)
_LAST_LINES = 15


@dataclass(frozen=True, slots=True)
class Verdict:
    """`killed` by the test in `by`; `broken` where the tests could not even be run, which proves nothing."""

    outcome: Outcome
    by: str
    seconds: float
    output: str = ""


@contextmanager
def copy_of(checkout: Path) -> Iterator[Path]:
    """A copy of what git knows or would know of the checkout, gone at the end."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - the user's own git
        cwd=checkout,
        capture_output=True,
        check=True,
    )
    with tempfile.TemporaryDirectory(prefix="docuvault-mutant-") as folder:
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (checkout / name).is_file():
                target = Path(folder, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(checkout / name, target)
        yield Path(folder)


def prove(checkout: Path, mutant: Mutant) -> Verdict:
    """Breaks a copy and runs the mutant's tests there. Raises CatalogueError where it does not apply."""
    with copy_of(checkout) as copy:
        mutant.apply(copy)
        return run(copy, mutant.killed_by)


def run(copy: Path, tests: Sequence[str]) -> Verdict:
    """Pytest on `tests` until the first failure. A test that fails kills; a set-up that fails only breaks."""
    started = time.monotonic()
    code, output = _pytest(copy, tests)
    failed = _FAILURE.search(output)
    outcome: Outcome = "survived" if code == _PASSED else "killed" if code == _FAILED and failed else "broken"
    tail = "\n".join(output.splitlines()[-_LAST_LINES:])
    return Verdict(outcome, failed[1] if failed else "", time.monotonic() - started, tail)


def _pytest(copy: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Exit code and output. SIGTERM, not SIGKILL, ends a run that takes too long: it takes its stack down with it."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-rfE", "--tb=short", *tests]
    env = {**os.environ, "PYTHONPATH": f"{copy}:{copy / 'contracts'}:{copy / 'clients' / 'python'}"}
    with subprocess.Popen(  # noqa: S603 - pytest, on tests of ours
        command, cwd=copy, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            output, _ = process.communicate(timeout=LIMIT_SECONDS)
        except BaseException as error:
            process.terminate()
            output, _ = process.communicate()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
    return process.returncode, output
