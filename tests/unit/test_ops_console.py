"""The console program: every command has help and an example, and says in one line what it cannot do."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from deploy.local.errors import StackError
from deploy.ops import cli
from deploy.ops.cli import COMMANDS, Command, main

CHECKOUT = Path(__file__).parents[2]
NAMES = [command.name for command in COMMANDS]


def examples(command: Command) -> list[list[str]]:
    """The arguments of each example in a command's help."""
    text = import_module(f"deploy.ops.commands.{command.name}").HELP
    start = f"docuvault {command.name}"
    found = [line[line.index(start) :] for line in text.splitlines() if start in line and line.startswith("  ")]
    return [shlex.split(line, comments=True)[1:] for line in found]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No stack is there."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Any], int]], list[str]]:
    """Adds a command that does what the test says, and gives the arguments that run it."""

    def add(run: Callable[[Any], int]) -> list[str]:
        module = ModuleType("deploy.ops.commands.odd")
        vars(module).update(HELP="", add_arguments=lambda _: None, run=run)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(cli, "COMMANDS", (*COMMANDS, Command("odd", "Does what the test says")))
        return ["odd"]

    return add


def test_the_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr()
    assert [name for name in NAMES if f"\n  {name} " not in said.out] == []
    assert said.err == ""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["after", "before"])
def test_each_command_has_help_with_an_example(name: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"] if form == "after" else ["help", name]) == 0
    said = capsys.readouterr()
    assert f"usage: docuvault {name}" in said.out
    assert f"  docuvault {name}" in said.out
    assert "--json" in said.out
    assert said.err == ""


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_examples_are_understood(command: Command) -> None:
    found = examples(command)
    assert found
    for _, *rest in found:
        cli.options_of(command, import_module(f"deploy.ops.commands.{command.name}"), rest)


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize("command", [each for each in COMMANDS if not each.alone], ids=lambda command: command.name)
def test_with_the_stack_down_each_example_says_so_in_one_line(
    command: Command, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for example in examples(command):
        assert main([*example, *(each for each in more if each not in example)]) == 2, example
        said = capsys.readouterr()
        assert said.out == "", example
        assert said.err.count("\n") == 1, (example, said.err)
        assert "is down; `make up` starts it" in said.err, (example, said.err)


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_argument_is_told_in_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--no-such-thing\x1b[31m"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"docuvault {name}")
    assert said.err.count("\n") == 1
    assert "\x1b" not in said.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "say what to do: up, down,"),
        (["stauts"], "there is no command 'stauts', did you mean 'status'?"),
        (["\x1b]0;x\x07"], "there is no command '\\x1b]0;x\\x07'"),
        (["--loud", "status"], "unrecognized arguments: --loud"),
        (["help", "nothing"], "there is no command 'nothing'"),
    ],
)
def test_what_is_no_command_is_told_in_one_line(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert reason in said.err


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (StackError("one\nreason\x1b[2J"), "docuvault: one reason\\x1b[2J\n"),
        (ConnectionRefusedError(111, "refused"), "docuvault: ConnectionRefusedError: [Errno 111] refused\n"),
        (BrokenPipeError(32, "the server's"), "docuvault: BrokenPipeError: [Errno 32] the server's\n"),
        (KeyError("a bug"), "docuvault: KeyError: 'a bug' (docuvault --traceback … shows where)\n"),
        (TimeoutError(), "docuvault: TimeoutError\n"),
    ],
)
def test_whatever_goes_wrong_is_one_line_and_exit_2(
    error: Exception,
    line: str,
    command: Callable[[Callable[[Any], int]], list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(_: object) -> int:
        raise error

    assert main(command(run)) == 2
    assert capsys.readouterr() == ("", line)


def test_the_trace_of_a_bug_is_shown_when_it_is_asked_for(
    command: Callable[[Callable[[Any], int]], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: object) -> int:
        raise KeyError("a bug")

    assert main(["--traceback", *command(run)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Traceback (most recent call last)")
    assert said.endswith("\ndocuvault: KeyError: 'a bug'\n")


def test_a_ctrl_c_is_one_line_and_exit_130(
    command: Callable[[Callable[[Any], int]], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: object) -> int:
        raise KeyboardInterrupt

    assert main(command(run)) == 130
    assert capsys.readouterr() == ("", "docuvault: interrupted\n")


def test_the_exit_code_is_the_commands_own(command: Callable[[Callable[[Any], int]], list[str]]) -> None:
    assert [main(command(lambda _, code=code: code)) for code in (0, 1)] == [0, 1]  # type: ignore[misc]


@pytest.fixture
def interpreter(tmp_path: Path) -> str:
    """In python3's place: says that the interpreter with the packages is the one that runs the tests."""
    return script(tmp_path / "python3", f"echo {sys.executable}")


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return str(path)


def shell(line: str, folder: Path, state: Path, python: str) -> subprocess.CompletedProcess[str]:
    """A line for bash, which knows of every part of a pipe how it ended."""
    environment = {"PATH": "/usr/bin:/bin", "STATE_DIR": str(state), "PYTHON": python}
    return subprocess.run(  # noqa: S603 - the tests' own lines
        ["/bin/bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def logs(state: Path) -> Path:
    """More lines than a pipe holds."""
    folder = state / "logs"
    folder.mkdir(parents=True)
    for number in range(9):
        (folder / f"quota-{number}.log").write_text(("x" * 1000 + "\n") * 100)
    return folder


@pytest.mark.usefixtures("logs")
def test_a_reader_who_leaves_ends_it_without_a_word(tmp_path: Path, state: Path, interpreter: str) -> None:
    ran = shell(f"{CHECKOUT}/docuvault logs --json | head -c 1; echo ${{PIPESTATUS[0]}}", tmp_path, state, interpreter)
    assert (ran.stdout, ran.stderr) == ("{141\n", "")


@pytest.mark.usefixtures("logs")
def test_a_full_disk_is_told_in_one_line(tmp_path: Path, state: Path, interpreter: str) -> None:
    for long in ("logs --json", "--help"):
        ran = shell(f"{CHECKOUT}/docuvault {long} > /dev/full", tmp_path, state, interpreter)
        assert (ran.returncode, ran.stderr) == (2, "docuvault: OSError: [Errno 28] No space left on device\n"), long


@pytest.mark.usefixtures("logs")
def test_with_its_output_closed_it_does_its_work(tmp_path: Path, state: Path, interpreter: str) -> None:
    ran = shell(f"{CHECKOUT}/docuvault logs --json >&- 2>&-", tmp_path, state, interpreter)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_an_output_that_knows_ascii_alone_is_enough(tmp_path: Path, state: Path, interpreter: str) -> None:
    ran = shell(f"PYTHONIOENCODING=ascii {CHECKOUT}/docuvault --help", tmp_path, state, interpreter)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_it_runs_from_any_folder_by_any_path_and_imports_nothing_from_there(
    tmp_path: Path, state: Path, interpreter: str
) -> None:
    for name in ("json", "argparse", "deploy"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported what lay around')")
    (tmp_path / "dv").symlink_to(CHECKOUT / "docuvault")
    ran = shell("STATE_DIR=elsewhere ./dv status", tmp_path, state, interpreter)
    reason = f"docuvault: the stack in {tmp_path}/elsewhere is down; `make up` starts it\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", reason)


def test_without_a_state_dir_it_is_the_checkouts_own_stack(tmp_path: Path) -> None:
    told = script(tmp_path / "told", 'echo "$STATE_DIR|$PYTHONPATH|$*"')
    python = script(tmp_path / "python3", f"echo {told}")
    ran = shell(f"STATE_DIR= {CHECKOUT}/docuvault audit 'a b'", tmp_path, tmp_path, python)
    wanted = f"{CHECKOUT}/.state|{CHECKOUT}:{CHECKOUT}/contracts:{CHECKOUT}/clients/python|-P -m deploy.ops audit a b\n"
    assert ran.stdout == wanted


def test_without_an_interpreter_it_is_exit_2(tmp_path: Path, state: Path) -> None:
    python = script(tmp_path / "python3", "echo why it is not there >&2; exit 1")
    ran = shell(f"{CHECKOUT}/docuvault status", tmp_path, state, python)
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", "why it is not there\n")


@pytest.mark.parametrize(
    ("variables", "arguments"),
    [
        ("", ["dlq", "list"]),
        ("REASON='a \"b\" `id` $$(id)' JSON=1", ["dlq", "list", "--reason", 'a "b" `id` $(id)', "--json"]),
        ("SHOW=quota/0/1 WHOLE=1", ["dlq", "show", "quota/0/1", "--whole"]),
        ("REPLAY='quota/0/1 quota/0/3-4' DRY_RUN=1", ["dlq", "replay", "quota/0/1", "quota/0/3-4", "--dry-run"]),
        ("REPLAY=1 CAUSE=handler WAIT=3", ["dlq", "replay", "--cause", "handler", "--wait", "3"]),
        ('DISCARD=1 GROUP=quota WHY="it\'s"', ["dlq", "discard", "--group", "quota", "--why", "it's"]),
        ("DRY_RUN=0 ALL=1", ["dlq", "list", "--all"]),
    ],
)
def test_the_variables_of_the_short_form_are_the_options_whatever_is_in_them(
    variables: str, arguments: list[str], tmp_path: Path
) -> None:
    told = script(tmp_path / "told", "shift 3; printf '%s\\n' \"$@\"")
    python = script(tmp_path / "python3", f"echo {told}")
    line = f"GROUP=of-the-shell USER=me REASON=x make -s -C {CHECKOUT} dlq PYTHON={python} {variables}"
    ran = shell(line, tmp_path, tmp_path, python)
    assert (ran.stdout.splitlines(), ran.stderr) == (arguments, "")


@pytest.mark.usefixtures("logs")
def test_the_logs_as_json_are_the_last_lines_of_each(capsys: pytest.CaptureFixture[str], logs: Path) -> None:
    (logs / "quota-1.log").write_bytes(b"first\n" * 200 + b"last \xff\x1b[2J\n")
    assert main(["logs", "--json", "--service", "quota-1"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["logs"]
    assert (found["process"], len(found["lines"]), found["lines"][-1]) == ("quota-1", 100, "last \\xff\x1b[2J")


def test_a_ctrl_c_at_any_moment_is_at_most_one_line(tmp_path: Path, state: Path, interpreter: str) -> None:
    for hundredths in range(2, 40, 4):
        line = f"timeout -s INT 0.{hundredths:02} {CHECKOUT}/docuvault status"
        ran = shell(line, tmp_path, state, interpreter)
        assert ran.stderr.count("\n") <= 1, ran.stderr
        assert ran.stderr in {"", "docuvault: interrupted\n"} or "is down" in ran.stderr, ran.stderr


DEAF = 'trap "" INT; echo; exec "$0" -m deploy.ops "$@"'
"""As ./docuvault starts it, with a word once nothing but the console program hears a Ctrl-C."""


@pytest.mark.parametrize("milliseconds", [1, 3, 7, 19])
def test_who_does_not_let_go_of_ctrl_c_gets_one_line_and_130(milliseconds: int) -> None:
    for command in ("status", "upload", "demo"):
        process = subprocess.Popen(  # noqa: S603 - our own
            ["/bin/sh", "-c", DEAF, sys.executable, command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            while process.poll() is None:
                process.send_signal(signal.SIGINT)
                time.sleep(milliseconds / 1000)
            assert (process.returncode, process.communicate()[1]) == (130, "docuvault: interrupted\n")
