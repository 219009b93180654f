"""A service's command line behind the console's: what it says is said as it comes, and how it ends is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.ops.janitor import run_to_its_end

CHECKOUT = Path(__file__).parents[2]
ENVIRONMENT = {"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}", "PATH": os.defpath, "PYTHONUNBUFFERED": "1"}


def child(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


@pytest.mark.parametrize("code", [0, 1, 2])
def test_its_words_and_its_exit_code_are_ours(code: int, capfd: pytest.CaptureFixture[str]) -> None:
    program = f"import sys; print('a', 'b', sep=chr(10)); print('why', file=sys.stderr); sys.exit({code})"
    assert run_to_its_end(child(program), ENVIRONMENT) == code
    assert capfd.readouterr() == ("a\nb\n", "why\n")


def test_nothing_it_says_acts_on_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    program = "import sys; sys.stdout.buffer.write(b'\\xff\\x1b[2J\\xc2\\x9b\\n')"
    assert run_to_its_end(child(program), ENVIRONMENT) == 0
    assert capfd.readouterr().out == "\\xff\\x1b[2J\\x9b\n"


def test_one_that_is_killed_has_not_done_it() -> None:
    assert run_to_its_end(child("import os; os.kill(os.getpid(), 9)"), ENVIRONMENT) == 2


ENDLESS = "import itertools, time\nfor n in itertools.count():\n    print(n)\n    time.sleep({pause})\n# {mark}"
OURS = """
import sys
from deploy.ops.janitor import run_to_its_end
run_to_its_end((sys.executable, "-c", {endless!r}), {environment!r})
"""


ERRORS = {"a Ctrl-C": b"\nKeyboardInterrupt\n", "a reader who leaves": b"\nBrokenPipeError: "}


@pytest.mark.parametrize("ended_by", ERRORS)
def test_it_is_ended_with_us(ended_by: str, tmp_path: Path) -> None:
    script = tmp_path / "ours.py"
    pause = 60 if ended_by == "a Ctrl-C" else 0.01  # else it would end by itself, of what it cannot say any more
    program = ENDLESS.format(pause=pause, mark=tmp_path)
    script.write_text(OURS.format(endless=program, environment=ENVIRONMENT))
    errors = tmp_path / "errors"
    with (
        errors.open("wb") as told,
        subprocess.Popen([sys.executable, str(script)], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=told) as ours,  # noqa: S603
    ):
        assert ours.stdout is not None
        assert ours.stdout.readline() == b"0\n"
        if ended_by == "a Ctrl-C":
            ours.send_signal(signal.SIGINT)
            ours.wait(30)  # its pipe must not be closed before it has heard
        else:
            ours.stdout.close()
    assert ERRORS[ended_by] in errors.read_bytes()
    assert gone(str(tmp_path))


def gone(program: str) -> bool:
    """Whether no process runs the program any more, within a while."""
    end = time.monotonic() + 10
    while any(program in each for each in processes()):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def processes() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it is gone by now
            continue
    return found
