"""The console program on a stack: what its commands say, with all well, a server away, or when they are cut short."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import pytest
from aiohttp import ClientSession

from deploy.local.stack import Stack
from tests.stack.support.api import Api, Upload
from tests.stack.support.bucket import open_bucket
from tests.stack.support.console import environment
from tests.stack.support.leaks import HandedOut
from tests.stack.support.provider import provided
from tests.stack.support.waiting import eventually


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole stack of this module's own."""
    stack = provided(tmp_path_factory.mktemp("stack"))
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


@dataclass(frozen=True, slots=True)
class Said:
    """How a process of its own ended, and what it said."""

    code: int | None
    out: str
    err: str


async def run(stack: Stack, *arguments: str, interrupted: bool = False) -> Said:
    command = (sys.executable, "-m", "deploy.ops", *arguments)
    running = await asyncio.create_subprocess_exec(*command, env=environment(stack), stdout=PIPE, stderr=PIPE)
    if interrupted:
        await asyncio.sleep(3)  # by then it waits for what hangs
        running.send_signal(signal.SIGINT)
    out, err = await running.communicate()
    return Said(running.returncode, out.decode(), err.decode())


async def test_status_says_that_each_process_is_well(stack: Stack) -> None:
    said = await run(stack, "status", "--json")
    assert (said.code, json.loads(said.out)["well"], said.err) == (0, True, "")
    await asyncio.to_thread(stack.supervisor.stop, "gateway")
    try:
        ill = await run(stack, "status", "--json")
    finally:
        await asyncio.to_thread(stack.up)
    assert (ill.code, json.loads(ill.out)["well"]) == (1, False)
    assert [each["name"] for each in json.loads(ill.out)["processes"] if each["reason"]] == ["gateway"]


async def test_token_prints_a_token_of_a_user_who_has_a_quota(stack: Stack) -> None:
    user = str(uuid4())
    said = await run(stack, "token", "--user", user, "--json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["user"] == user
    assert json.loads(said.out)["token"].count(".") == 2


async def test_reconcile_walks_the_bucket_and_tells_what_differs_and_what_was_done(stack: Stack) -> None:
    said = await run(stack, "reconcile", "--json")
    assert (said.code, json.loads(said.out)["objects"], said.err) == (0, 0, "")
    async with open_bucket(stack.info) as bucket, bucket.silent():
        await bucket.put("not/ours", b"x")
    shown = await run(stack, "reconcile", "--dry-run", "--remove-foreign")
    assert (shown.code, shown.out.startswith("foreign    not/ours")) == (1, True)
    done = await run(stack, "reconcile", "--remove-foreign", "--json")
    assert (done.code, json.loads(done.out.splitlines()[-1])["removed"]) == (0, 1)


async def test_sweep_does_what_the_janitor_does_and_says_what_came_of_it(stack: Stack) -> None:
    said = await run(stack, "sweep", "--json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out) == {"cleaned": 0, "healed": 0, "asked": 0, "ended": 0}
    assert (await run(stack, "sweep")).out.startswith("swept: {")


COMMANDS = {
    "postgres": (["sweep"], ["reconcile"], ["audit"]),
    "kafka": (["audit"], ["dlq"], ["offsets"], ["token", "--user", "0f0e0d0c-0b0a-4908-8706-050403020100"]),
    "minio": (["audit"], ["reconcile"]),
}


EXPLAINED = {"postgres": "", "kafka": "state    kafka_away", "minio": "state    store_away"}
"""What can be told of an upload all the same."""


async def _is_known(stack: Stack, upload: Upload) -> None:
    """Returns once the janitor has heard of it: from then on nothing about it waits in an outbox."""
    database = await asyncpg.connect(stack.info.databases["postgres"])

    async def heard() -> bool:
        return bool(await database.fetchval("SELECT 1 FROM janitor.objects WHERE object_key = $1", upload.key))

    await eventually(heard, becomes=True)
    await database.close()


@pytest.mark.parametrize("server", COMMANDS)
async def test_with_a_server_away_a_command_says_so_in_one_line(
    stack: Stack, client: ClientSession, server: str
) -> None:
    user = await Api(client, stack.info, HandedOut()).user()
    begun = await user.begin()
    await _is_known(stack, begun)
    await asyncio.to_thread(stack.supervisor.stop, server)
    try:
        for command in COMMANDS[server]:
            said = await run(stack, *command)
            assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), (command, said)
        if server == "kafka":
            assert await user.put(begun, b"12345") == 200
        said = await run(stack, "explain", "--doc", begun.document_id)
        assert (said.code, said.err.count("\n"), bool(said.out)) == (2, 1, bool(EXPLAINED[server])), said
        assert EXPLAINED[server] in said.out
    finally:
        await asyncio.to_thread(stack.up)


@pytest.mark.parametrize("command", [["sweep"], ["audit"], ["logs", "--follow"]])
async def test_a_ctrl_c_while_a_server_hangs_is_one_line(stack: Stack, command: list[str]) -> None:
    await asyncio.to_thread(stack.supervisor.signal, "postgres", "STOP")
    try:
        said = await run(stack, *command, interrupted=True)
    finally:
        await asyncio.to_thread(stack.supervisor.signal, "postgres", "CONT")
    assert (said.code, said.err.rstrip("\n")) == (130, "docuvault: interrupted")  # Compose ends with an empty line
