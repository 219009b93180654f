"""`docuvault upload` as a process of its own: what it says, how it ends, and what a Ctrl-C leaves."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from services.chassis.auth import create_access_token
from tests.stack.client.conftest import NewClient
from tests.stack.conftest import NewUser
from tests.stack.support.api import token_settings
from tests.stack.support.console import environment
from tests.stack.support.relay import After, Relay
from tests.stack.test_console import Said

MIB = 1024 * 1024
DEAF = 'trap "" INT; exec "$0" "$@"'
"""As ./docuvault starts it: an interpreter that hears a Ctrl-C once it can."""


class Command:
    """Starts the command for one token, from one folder, with a cache of its own."""

    def __init__(self, stack: Stack, folder: Path, token: str) -> None:
        self._environment = environment(stack) | {
            "DOCUVAULT_CACHE": str(folder / "cache"),
            "DOCUVAULT_TOKEN": token,
            "TERM": "xterm",
        }
        self._folder = folder

    async def start(self, *arguments: str, out: int = PIPE) -> Process:
        """The process; `out` is for both streams."""
        command = ("/bin/sh", "-c", DEAF, sys.executable, "-m", "deploy.ops", "upload", *arguments)
        return await asyncio.create_subprocess_exec(
            *command, cwd=self._folder, env=self._environment, stdout=out, stderr=out
        )

    async def __call__(self, *arguments: str) -> Said:
        """How it ended, and what it said."""
        return await self.end(await self.start(*arguments))

    async def end(self, process: Process) -> Said:
        """The same, of one that runs."""
        out, err = await process.communicate()
        return Said(process.returncode, out.decode(), err.decode())


NewCommand = Callable[[str], Command]


@pytest.fixture
def command(stack: Stack, tmp_path: Path) -> NewCommand:
    return lambda token: Command(stack, tmp_path, token)


def write(folder: Path, name: str, size: int) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)


async def test_of_three_files_the_one_that_does_not_fit_is_told_and_the_exit_code_says_so(
    command: NewCommand, new_user: NewUser, tmp_path: Path
) -> None:
    run = command((await new_user(limit_bytes=1000)).token)
    for size in (400, 1200, 600):
        write(tmp_path, f"{size}.bin", size)
    said = await run("400.bin", "1200.bin", "600.bin", "--parallel", "1")
    first, second, third, last = said.out.splitlines()
    assert (said.code, said.err, last) == (1, "", "2 uploaded, 1 not")
    assert first.startswith("uploaded  400.bin: 400 bytes, document ")
    assert re.fullmatch(
        r"failed    1200\.bin: it does not fit: 1,200 bytes are (200|600) more than are left"
        r" \((0|400) of 1,000 are in use\)",  # as far as upload has heard
        second,
    )
    assert third.startswith("uploaded  600.bin: ")
    again = await run("1200.bin", "--json")
    [file] = json.loads(again.out)["files"]
    assert (again.code, file["error"]) == (1, "QuotaExceeded")
    assert file["quota"]["over_by_bytes"] == file["quota"]["used_bytes"] + 200


async def test_a_folder_is_taken_where_that_is_asked_for(
    command: NewCommand, new_user: NewUser, new_client: NewClient, tmp_path: Path
) -> None:
    user = await new_user()
    run, client = command(user.token), await new_client(user)
    for name in ("papers/a.txt", "papers/below/b.txt", "papers/below/empty.txt"):
        write(tmp_path, name, 0 if "empty" in name else 10)
    write(tmp_path, "papers/bad\x1b[2J.txt", 1)
    (tmp_path / "papers/below/round").symlink_to(tmp_path / "papers")
    assert await run("papers") == Said(
        1, "failed    papers: it is a folder: -r takes all files of it\n0 uploaded, 1 not\n", ""
    )
    said = await run("-r", "papers", "papers/a.txt", "missing.txt")
    assert (said.code, said.err, said.out.splitlines()[-1]) == (1, "", "3 uploaded, 3 not")
    assert "failed    papers/bad\\x1b[2J.txt: its name cannot be stored: character 3 is a control character" in said.out
    assert "failed    missing.txt: it cannot be read: No such file or directory\n" in said.out
    assert "failed    papers/below/round: it is a link to a folder, and those are not followed\n" in said.out
    assert [document.filename async for document in client.documents(sort="name")] == ["a.txt", "b.txt", "empty.txt"]
    assert [document.filename async for document in client.documents(search="TXT b")] == ["b.txt"]


async def test_without_a_good_token_nothing_is_uploaded_and_one_line_says_why(
    command: NewCommand, stack: Stack, tmp_path: Path
) -> None:
    write(tmp_path, "a.bin", 1)
    expired = create_access_token(uuid4(), "user", token_settings(stack.info), expires_in=timedelta(seconds=-60))
    said = await command(expired)("a.bin")
    assert (said.code, said.err, said.out.count("\n")) == (2, "", 2)
    assert said.out.startswith("failed    a.bin: ")
    assert expired not in said.out
    none = await command("")("a.bin")
    assert none == Said(2, "", "docuvault: say who uploads: --token-file FILE, or the token in DOCUVAULT_TOKEN\n")
    write(tmp_path, "token", 0)
    assert (await command(expired)("a.bin", "--token-file", "token")).err == "docuvault: token holds no token\n"


async def test_a_token_file_and_an_address_are_taken(
    command: NewCommand, new_user: NewUser, stack: Stack, tmp_path: Path
) -> None:
    write(tmp_path, "a.bin", 1)
    (tmp_path / "token").write_text((await new_user()).token + "\n")
    given = ("a.bin", "--token-file", "token", "--url")
    assert (await command("")(*given, stack.info.gateway_url)).code == 0
    away = await command("")(*given, "http://127.0.0.1:9")
    assert (away.code, away.out.splitlines()[0]) == (2, "failed    a.bin: the API is away: Connection refused")
    assert (await command("")(*given, "nowhere")).err.startswith("docuvault: the address is a URL such as")


@pytest.mark.parametrize("seconds", [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0])
async def test_a_ctrl_c_at_any_moment_is_one_line(
    command: NewCommand, new_user: NewUser, tmp_path: Path, seconds: float
) -> None:
    run = command((await new_user()).token)
    names = [f"{number}.bin" for number in range(200)]
    for name in names:
        write(tmp_path, name, 1000)
    process = await run.start(*names)
    await asyncio.sleep(seconds)  # a moment of many: whatever it is doing
    while process.returncode is None:
        process.send_signal(signal.SIGINT)  # until it hears one
        await asyncio.sleep(0.3)
    said = await run.end(process)
    before_it_could_hear = (-signal.SIGINT, "")  # the shell that starts it, before its first word
    assert (said.code, said.err) in {(130, "docuvault: interrupted\n"), before_it_could_hear}


@pytest.mark.parametrize("times", [1, 3])
async def test_a_ctrl_c_in_mid_put_is_one_line_however_often_it_is_said(
    command: NewCommand, new_user: NewUser, relay: Relay, large: Path, times: int
) -> None:
    run = command((await new_user()).token)
    process = await run.start(large.name, large.name)

    def interrupt() -> bool:
        for _ in range(times):
            process.send_signal(signal.SIGINT)
        return True

    relay.orders.append(After(MIB, interrupting(process)))
    said = await run.end(process)
    assert (said.code, said.err) == (130, "docuvault: interrupted\n")


async def test_who_reads_the_output_may_close_it(command: NewCommand, new_user: NewUser, tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    for number in range(5):
        write(tmp_path, f"{number}.bin", 1)
    process = await command((await new_user()).token).start("-r", str(tmp_path), "--parallel", "1", out=theirs)
    os.close(theirs)
    assert os.read(ours, 8) == b"uploaded"
    os.close(ours)
    assert await process.wait() == 141


async def test_on_a_terminal_there_are_bars_and_a_ctrl_c_leaves_it_clean(
    command: NewCommand, new_user: NewUser, relay: Relay, large: Path
) -> None:
    ours, theirs = os.openpty()
    process = await command((await new_user()).token).start(large.name, out=theirs)
    os.close(theirs)

    relay.orders.append(After(MIB, interrupting(process)))
    said = (await asyncio.to_thread(read_all, ours)).decode()
    assert await process.wait() == 130
    assert ("2/3 sends" in said, "Traceback" in said) == (True, False)
    assert said.rindex("\x1b[?25h") > said.rindex("\x1b[?25l")  # the cursor is shown again
    assert said.endswith("docuvault: interrupted\r\n")


def interrupting(process: Process) -> Callable[[], bool]:
    """A Ctrl-C, once. Not by `send_signal`, which takes the code of a process that has ended, unseen by asyncio."""
    sent: list[int] = []

    def interrupt() -> bool:
        if not sent:
            os.kill(process.pid, signal.SIGINT)
            sent.append(process.pid)
        return True

    return interrupt


def read_all(terminal: int) -> bytes:
    """Until nobody writes any more, which Linux tells as an error."""
    said = b""
    with suppress(OSError):
        while data := os.read(terminal, 4096):
            said += data
    os.close(terminal)
    return said


async def test_an_interrupted_large_file_is_gone_on_with_by_the_next_run(
    command: NewCommand, new_user: NewUser, new_client: NewClient, relay: Relay, tmp_path: Path
) -> None:
    user = await new_user(limit_bytes=200 * MIB)
    run = command(user.token)
    with (tmp_path / "film.mp4").open("wb") as file:
        file.truncate(100 * MIB)
    process = await run.start("film.mp4")

    relay.orders.extend([After(17 * MIB, interrupting(process))] * 4)
    assert (await run.end(process)).code == 130
    relay.orders.clear()
    before = relay.passed
    said = await run("film.mp4", "--json")
    assert (said.code, said.err, json.loads(said.out)["uploaded"]) == (0, "", 1)
    assert relay.passed - before < 90 * MIB
    client = await new_client(user)
    assert [document.size_bytes async for document in client.documents()] == [100 * MIB]
    assert (await client.quota()).used_bytes == 100 * MIB
