"""`up`, `down` and `reset` on servers of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.credentials import load_credentials
from deploy.local.errors import StackError
from deploy.local.leftovers import marked_processes
from deploy.local.ports import BLOCK
from deploy.local.stack import Stack
from tests.stack.support.secured import keep_a_record, kept_records, secured

pytestmark = [
    pytest.mark.embedded("its processes, ports and files; the containers' smoke has theirs"),
    pytest.mark.timeout(180),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers only; each test finds them up and leaves them so, from the fourth on secure."""
    stack = Stack.on_free_ports(tmp_path_factory.mktemp("up"), services=False)
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


def pids(stack: Stack) -> dict[str, int]:
    return {name: process.pid for name, process in stack.status().items()}


async def run(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def test_a_second_up_leaves_what_runs_alone(stack: Stack) -> None:
    before = pids(stack)
    stack.up()
    assert pids(stack) == before
    assert all(before.values())


def test_up_starts_again_what_was_stopped(stack: Stack) -> None:
    before = pids(stack)
    stack.supervisor.stop("minio")
    stack.up()
    after = pids(stack)
    assert after["minio"] not in {0, before["minio"]}
    assert after["postgres"] == before["postgres"]
    assert [one.reason for one in stack.health()] == ["", "", ""]


def test_down_keeps_the_data_and_leaves_no_process_and_what_was_plain_may_come_up_secure(stack: Stack) -> None:
    url = stack.info.databases["upload"]
    asyncio.run(run(url, "CREATE TABLE kept AS SELECT 42 AS answer"))
    asyncio.run(keep_a_record(stack.info))
    assert stack.down()
    assert marked_processes(stack.layout.stack_id) == []
    assert not stack.down()
    secured(stack).up()
    assert asyncio.run(run(stack.info.databases["upload"], "SELECT answer FROM kept")) == 42
    assert (stack.info.kafka["security_protocol"], asyncio.run(kept_records(stack.info))) == ("SASL_SSL", 1)


def test_two_stacks_run_side_by_side_and_reset_removes_only_its_own(stack: Stack, tmp_path: Path) -> None:
    other = Stack.on_free_ports(tmp_path / "other", services=False)
    before = pids(stack)
    try:
        other.up()
        assert set(before.values()).isdisjoint(pids(other).values())
    finally:
        other.reset()
    assert [path.name for path in other.layout.state.iterdir()] == ["lock"]
    assert marked_processes(other.layout.stack_id) == []
    assert pids(stack) == before
    assert [one.reason for one in stack.health()] == ["", "", ""]


def test_reset_leaves_a_folder_alone_that_is_no_stacks(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    Stack.on_free_ports(tmp_path, services=False).reset()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_running_stack_is_found_without_being_told_its_ports_again(stack: Stack) -> None:
    assert Stack(type(stack.settings)(state_dir=stack.layout.state)).info == stack.info


def test_another_port_for_a_running_stack_asks_for_down_first(stack: Stack) -> None:
    moved = stack.settings.model_copy(update={"minio_port": stack.settings.minio_port + BLOCK})
    with pytest.raises(StackError, match="another MINIO_PORT; `make down` first"):
        Stack(moved).up()


def test_secrets_are_readable_by_their_owner_alone_and_on_no_command_line(stack: Stack) -> None:
    info = stack.info
    secrets = {key.secret_key for key in info.store_keys.values()} | {info.jwt_secret, *info.databases.values()}
    secrets |= set(load_credentials(stack.layout).kafka.values())
    kafka, keys = stack.layout.state / "kafka", list(stack.layout.authority.glob("*.key"))
    assert {key.stem for key in keys} >= {"ca", "kafka"}
    configurations = (kafka / "server.properties", kafka / "shown.pem", stack.layout.state / "supervisord.conf")
    for private in (stack.layout.secrets, *configurations, *keys):
        assert private.stat().st_mode & 0o077 == 0
    for process in marked_processes(stack.layout.stack_id):
        line = " ".join(process.cmdline())
        assert not any(secret in line for secret in secrets)
    for log in stack.layout.logs.iterdir():
        assert not any(secret in log.read_text() for secret in secrets)
