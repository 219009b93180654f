"""What happens to a stack whose supervisor, or a server of which, is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import asyncpg
import psutil
import pytest

from deploy.local.leftovers import marked_processes
from deploy.local.stack import Stack
from deploy.local.supervisor import MARKER
from tests.stack.support.secured import keep_a_record, kept_records, secured

pytestmark = [
    pytest.mark.embedded("what supervisord leaves when it is killed"),
    pytest.mark.timeout(180),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers only, with a row and a record that must survive whatever happens to them; the first ones are secure."""
    stack = Stack.on_free_ports(tmp_path_factory.mktemp("leftovers"), services=False)
    try:
        secured(stack).up()
        asyncio.run(keep_a_row(stack.info.databases["quota"]))
        asyncio.run(keep_a_record(stack.info))
        yield stack
    finally:
        stack.reset()


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process of another stack."""
    with subprocess.Popen(["/bin/sleep", "600"], env={"PATH": os.defpath, MARKER: "another"}) as process:
        yield process
        process.kill()


def assert_all_is_well(stack: Stack) -> None:
    assert [one.reason for one in stack.health()] == ["", "", ""]
    assert asyncio.run(count(stack.info.databases["quota"])) == 1
    assert asyncio.run(kept_records(stack.info)) == 1


def kill_supervisor(stack: Stack) -> list[psutil.Process]:
    """Kills it as nothing can be caught, and returns what it leaves behind."""
    pid = int((stack.layout.state / "supervisord.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    while psutil.pid_exists(pid):
        time.sleep(0.01)
    return marked_processes(stack.layout.stack_id)


def names(processes: list[psutil.Process]) -> set[str]:
    return {process.name() for process in processes}


async def count(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM kept"))
    finally:
        await connection.close()


async def keep_a_row(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE kept AS SELECT 1")
    await connection.close()


def test_up_ends_what_a_killed_supervisor_left_behind_and_is_green_and_what_was_secure_may_come_up_plain(
    stack: Stack, stranger: subprocess.Popen[bytes]
) -> None:
    assert stack.info.kafka["security_protocol"] == "SASL_SSL"
    orphans = kill_supervisor(stack)
    assert {"postgres", "java", "minio"} <= names(orphans)
    stack.up()
    assert not any(process.is_running() for process in orphans)
    assert stranger.poll() is None
    assert stack.info.kafka["security_protocol"] == "PLAINTEXT"
    assert_all_is_well(stack)


def test_up_ends_a_supervisor_that_does_not_answer(stack: Stack) -> None:
    stack.layout.socket.unlink()
    before = marked_processes(stack.layout.stack_id)
    stack.up()
    assert not any(process.is_running() for process in before)
    assert_all_is_well(stack)


def test_up_recovers_when_everything_is_killed_at_once(stack: Stack) -> None:
    for process in marked_processes(stack.layout.stack_id):
        process.kill()
    stack.up()
    assert_all_is_well(stack)


@pytest.mark.parametrize("name", ["postgres", "kafka", "minio"])
def test_a_killed_server_is_started_again(stack: Stack, name: str) -> None:
    killed = stack.supervisor.pid(name)
    stack.supervisor.signal(name, "KILL")
    end = time.monotonic() + 60
    while stack.supervisor.pid(name) in {0, killed} or any(one.reason for one in stack.health()):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert_all_is_well(stack)


def test_down_ends_what_a_killed_supervisor_left_behind(stack: Stack, stranger: subprocess.Popen[bytes]) -> None:
    orphans = kill_supervisor(stack)
    assert stack.down()
    assert not any(process.is_running() for process in orphans)
    assert stranger.poll() is None
