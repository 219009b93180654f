"""Replays to consumers that run: what became of each record is told."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator

import pytest
from docuvault_contracts.topics import DEAD_LETTER_JOURNAL as JOURNAL

from deploy.local.stack import Stack
from deploy.ops.quiet import quiet
from tests.stack.chassis_consumers import Place, Replica, place, replica
from tests.stack.chassis_servers import read, until
from tests.stack.support.console import docuvault, environment
from tests.stack.support.provider import provided


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers without services, of this module's own."""
    stack = provided(tmp_path_factory.mktemp("stack"), services=False)
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The traces of the handlers' bugs, drawn with all their variables, would take seconds each."""
    with quiet():
        yield


@pytest.fixture
async def at(stack: Stack) -> AsyncIterator[Place]:
    async with place(stack) as at:
        yield at


async def buried(at: Place, reader: Replica, *values: str) -> None:
    """The records' handler has a bug, and they are among the dead letters."""
    reader.handler.trouble = KeyError("versionId")
    before = len(await read(at.stack, at.source))
    await at.write(*values)
    await at.until_committed(before + len(values))


async def test_a_record_that_failed_for_a_bug_is_applied_once_when_the_bug_is_gone(at: Place) -> None:
    async with replica(at) as reader:
        await buried(at, reader, "one", "two")
        reader.handler.trouble = None
        ran = await docuvault(at.stack, "dlq", "replay", "--group", at.group, "--reason", "KeyError: 'versionId'")
        assert ran.code == 0, ran
        assert ran.lines == [
            f"{at.group}/0/0 → {at.source}/0/2, read by {at.group}",
            f"{at.group}/0/1 → {at.source}/0/3, read by {at.group}",
            "2 replayed and read",
        ]
        again = await docuvault(at.stack, "dlq", "replay", "--group", at.group)
        assert (again.code, again.lines[-1]) == (
            0,
            "no open dead letter fits: 2 were replayed or discarded before, --again takes them too",
        )
    assert reader.handler.handled == ["one", "two"]
    assert await at.read() == ["one", "two"]


async def test_a_record_that_fails_again_comes_back_as_a_new_letter_and_is_told(at: Place) -> None:
    async with replica(at) as reader:
        await buried(at, reader, "one")
        reader.handler.trouble = TypeError("another bug")
        ran = await docuvault(at.stack, "dlq", "replay", f"{at.group}/0/0", "--json")
        assert ran.code == 1
        assert ran.json == {
            "letters": [
                {
                    "id": f"{at.group}/0/0",
                    "outcome": "came back",
                    "to": f"{at.source}/0/1",
                    "reason": "handler: TypeError: another bug",
                    "back": f"{at.group}/0/1",
                }
            ],
            "counts": {"came back": 1},
            "stopped": None,
        }
        listed = await docuvault(at.stack, "dlq", "list", "--group", at.group, "--each", "--json", "--all")
        assert [(each["id"], each["state"]) for each in listed.json["letters"]] == [
            (f"{at.group}/0/0", "replayed"),
            (f"{at.group}/0/1", "open"),
        ]


async def test_of_many_that_fail_again_few_are_put_back(at: Place) -> None:
    async with replica(at) as reader:
        await buried(at, reader, *(f"word{number}" for number in range(40)))
        ran = await docuvault(at.stack, "dlq", "replay", "--group", at.group)
        assert (ran.code, ran.lines[-2:]) == (
            1,
            ["10 came back", "stopped, since some came back: the rest was not touched; --go-on goes on regardless"],
        )
        assert len(await read(at.stack, at.source)) == 50
        reader.handler.trouble = None
        assert (await docuvault(at.stack, "dlq", "replay", "--group", at.group)).lines[-1] == "40 replayed and read"
    assert sorted(reader.handler.handled) == sorted(f"word{number}" for number in range(40))


async def test_where_the_group_does_not_read_it_is_told_that_nobody_knows_yet(at: Place) -> None:
    async with replica(at) as reader:
        await buried(at, reader, "one")
    ran = await docuvault(at.stack, "dlq", "replay", f"{at.group}/0/0", "--wait", "0.5")
    assert (ran.code, ran.lines) == (
        2,
        [f"{at.group}/0/0 → {at.source}/0/1, not read by {at.group} yet", "1 replayed and not read yet"],
    )
    async with replica(at) as reader:
        await at.until_committed(2)
    assert reader.handler.handled == ["one"]


async def test_a_ctrl_c_while_it_waits_is_one_line_and_what_was_put_back_is_journaled(at: Place) -> None:
    async with replica(at) as reader:
        await buried(at, reader, "one")
    before = len(await read(at.stack, JOURNAL.name))
    command = (sys.executable, "-m", "deploy.ops.cli", "dlq", "replay", f"{at.group}/0/0", "--wait", "60")
    waits = await asyncio.create_subprocess_exec(*command, env=environment(at.stack), stdout=PIPE, stderr=PIPE)

    async def is_back() -> bool:
        return len(await read(at.stack, JOURNAL.name)) > before

    await until(is_back)
    waits.send_signal(signal.SIGINT)
    out, err = await waits.communicate()
    assert (waits.returncode, out, err) == (130, b"", b"docuvault: interrupted\n")
    listed = await docuvault(at.stack, "dlq", "list", "--group", at.group, "--each", "--all", "--json")
    assert [each["state"] for each in listed.json["letters"]] == ["replayed"]
