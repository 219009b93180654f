"""The whole suite in processes side by side: `python -m tests` or `make test`; with arguments, pytest with these.

The tests of faults, and much of those on real servers, spend their time waiting; the others run meanwhile. Each lane
brings up stacks of its own, on ports of its own. What the others than the first say is shown when all are done, those
that failed last.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from typing import IO

PYTEST = (sys.executable, "-m", "pytest", "--durations=15")
HTTP, CLIENT = "tests/stack/http", "tests/stack/client"
OTHER_STACKS = tuple(
    f"tests/stack/test_{name}.py"
    for name in (
        *("stack_rolling", "stack_leftovers", "stack_replicas", "audit_differences", "audit_heal", "console"),
        *("dlq", "dlq_replay", "explain", "classifier_pipeline", "janitor_removal", "janitor_service"),
    )
)
"""Those with a stack of their own: that of the session is started for none of them."""
SOME_FAULTS = tuple(
    f"tests/faults/test_{name}.py" for name in ("kafka_away", "migrations", "offsets", "outages", "replays", "zombies")
)
CAMPAIGN = "tests/faults/test_campaign.py"
LANES: Sequence[Sequence[str]] = (
    ("tests/stack", *(f"--ignore={path}" for path in (HTTP, CLIENT, *OTHER_STACKS)), "tests/contract"),
    (HTTP, *SOME_FAULTS, CLIENT, "tests/browser"),
    ("tests/faults", *(f"--ignore={path}" for path in (CAMPAIGN, *SOME_FAULTS))),
    (CAMPAIGN, *OTHER_STACKS, "tests/hostile", "tests/prove", "tests/unit"),
)
"""What runs one after the other. The browser's driver keeps an event loop running, so nothing comes after it.

Four for two cores: each waits a third of its time. The last ends with what is processor time alone, a filler.
"""


def main(arguments: Sequence[str]) -> int:
    """Returns the worst of the lanes' exit codes; told to end, it ends with them, when their stacks are down."""
    if arguments:
        os.execv(sys.executable, (sys.executable, "-m", "pytest", *arguments))  # noqa: S606 - our own interpreter
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it, our children would
    with ExitStack() as exits:
        told = [exits.enter_context(tempfile.TemporaryFile()) for _ in LANES[1:]]
        lanes = [_start(lane, out) for lane, out in zip(LANES, [None, *told], strict=True)]
        _pass_on(lanes)
        codes = [lane.wait() for lane in lanes]
        for _, out in sorted(zip(codes[1:], told, strict=True), key=lambda one: one[0] != 0):
            _show(out)
    return max(map(abs, codes))


def _start(lane: Sequence[str], out: IO[bytes] | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen((*PYTEST, *lane), stdout=out, stderr=out)  # noqa: S603 - likewise


def _pass_on(lanes: Sequence[subprocess.Popen[bytes]]) -> None:
    """A Ctrl-C reaches the lanes by itself, as they share the terminal; a SIGTERM does not."""

    def on_term(*_: object) -> None:
        for lane in lanes:
            lane.terminate()

    signal.signal(signal.SIGTERM, on_term)
    signal.signal(signal.SIGINT, lambda *_: None)


def _show(told: IO[bytes]) -> None:
    told.seek(0)
    sys.stdout.flush()
    shutil.copyfileobj(told, sys.stdout.buffer)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
