"""The whole suite in two processes side by side: `python -m tests`, or `make test`. With arguments: pytest with these.

The tests of faults spend their time waiting for what they break; the rest runs meanwhile. Each half brings up stacks of
its own, on ports of its own. What the faults say is shown when they are done.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import IO

PYTEST = (sys.executable, "-m", "pytest")
SLOWEST = "--durations=25"
FAULTS = "tests/faults"


def main(arguments: Sequence[str]) -> int:
    """Returns the worse of the two halves' exit codes; told to end, it ends with them, when their stacks are down."""
    if arguments:
        os.execv(sys.executable, (*PYTEST, *arguments))  # noqa: S606 - our own interpreter
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it, our children would
    with tempfile.TemporaryFile() as told:
        faults = subprocess.Popen((*PYTEST, SLOWEST, FAULTS), stdout=told, stderr=told)  # noqa: S603 - likewise
        rest = subprocess.Popen((*PYTEST, SLOWEST, f"--ignore={FAULTS}"))  # noqa: S603 - likewise
        _pass_on(rest, faults)
        codes = [rest.wait(), faults.wait()]
        _show(told)
    return max(map(abs, codes))


def _pass_on(*halves: subprocess.Popen[bytes]) -> None:
    """A Ctrl-C reaches the halves by itself, as they share the terminal; a SIGTERM does not."""

    def on_term(*_: object) -> None:
        for half in halves:
            half.terminate()

    signal.signal(signal.SIGTERM, on_term)
    signal.signal(signal.SIGINT, lambda *_: None)


def _show(told: IO[bytes]) -> None:
    told.seek(0)
    sys.stdout.flush()
    shutil.copyfileobj(told, sys.stdout.buffer)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
