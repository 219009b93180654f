"""`docuvault explain` as a person runs it: exit codes, one line where it cannot tell, nothing that a terminal obeys.

What it says with a server away: test_console.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from deploy.local.info import StackInfo
from deploy.local.stack import Stack
from tests.stack.conftest import NewUser
from tests.stack.support.api import Api
from tests.stack.support.leaks import HandedOut

CHECKOUT = Path(__file__).parents[2]


def explain(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command by itself, with whatever the drivers would write beside it."""
    environment = {**os.environ, "STATE_DIR": str(state), "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}"}
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "deploy.ops.commands.explain", *arguments], env=environment, cwd=CHECKOUT,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.fixture
def api(client: aiohttp.ClientSession, info: StackInfo) -> Api:
    return Api(client, info, HandedOut())


async def test_a_settled_upload_is_exit_0_in_text_and_in_json(stack: Stack, api: Api) -> None:
    evil = "in\u202evoice.pdf"
    upload = await (await api.user(1000)).store(b"12345", evil)
    ran = await asyncio.to_thread(explain, stack.layout.state, "--doc", upload.document_id)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "waits    for nothing: it is settled" in ran.stdout
    assert "\u202e" not in ran.stdout
    assert "in\\u202evoice.pdf" in ran.stdout
    ran = await asyncio.to_thread(explain, stack.layout.state, "--key", upload.key, "--json")
    said: dict[str, Any] = json.loads(ran.stdout)
    assert (ran.returncode, said["state"], said["in_order"]) == (0, "settled", True)
    assert said["facts"]["document"]["filename"] == evil
    assert {"at", "source", "what"} == set(said["story"][0])


async def test_a_fix_that_has_nothing_to_do_says_so(stack: Stack, api: Api) -> None:
    upload = await (await api.user()).store(b"12345")
    ran = await asyncio.to_thread(explain, stack.layout.state, "--doc", upload.document_id, "--fix")
    assert ran.returncode == 0
    assert "fix      nothing was said: nothing is to be done" in ran.stdout


async def test_a_user_is_explained_and_not_fixed(stack: Stack, new_user: NewUser) -> None:
    user = await new_user(limit_bytes=1000)
    ran = await asyncio.to_thread(explain, stack.layout.state, "--user", str(user.id))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "0 of 1,000 bytes in use" in ran.stdout
    ran = await asyncio.to_thread(explain, stack.layout.state, "--user", str(user.id), "--fix")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--doc", str(uuid4())),
        ("--doc", "no-uuid\x1b[2J"),
        ("--user", str(uuid4())),
        ("--user", "nobody"),
        ("--key", "nobody/put/this"),
        ("--key", f"{uuid4()}/{uuid4()}/{uuid4()}.pdf"),
        ("--key", ""),
        ("--key", "x" * 1025),
    ],
    ids=["unknown document", "no id", "unknown user", "no user", "foreign", "unknown key", "no key", "too long"],
)
def test_what_nobody_knows_is_one_line_and_exit_2(stack: Stack, arguments: tuple[str, str]) -> None:
    ran = explain(stack.layout.state, *arguments)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "\x1b" not in ran.stderr


def test_without_a_stack_it_says_what_to_do(tmp_path: Path) -> None:
    ran = explain(tmp_path / "state", "--doc", str(uuid4()))
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "`make up`" in ran.stderr


@pytest.mark.parametrize("arguments", [(), ("--doc", "x", "--user", "y")])
def test_it_wants_one_thing_to_explain(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert explain(tmp_path / "state", *arguments).returncode == 2
