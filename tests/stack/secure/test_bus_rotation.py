"""`docuvault rotate kafka` while documents are uploaded, killed on its way and run again: nobody's upload fails."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from docuvault_client import Bytes, DocuvaultClient

from deploy.access import ACCOUNTS
from deploy.local.credentials import load_credentials
from deploy.local.rotation import Phase, rotation
from deploy.local.stack import Stack
from deploy.ops.users import access_token, register
from tests.faults.support.load import AWAY, REPEATED, Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Plan
from tests.faults.support.processes import Processes
from tests.faults.support.running import under
from tests.faults.support.site import Site
from tests.stack.chassis_servers import until
from tests.stack.secure.accounts import Accounts
from tests.stack.secure.test_bus_accounts import why_not
from tests.stack.support.api import Api
from tests.stack.support.bucket import open_bucket
from tests.stack.support.console import environment

pytestmark = [
    pytest.mark.embedded("it is looked at by processes; test_containers_rotation changes the keys of containers"),
    pytest.mark.timeout(300),
]
SERVED = {200, 202, 204, 413}
"""What a client is answered that notices nothing: it is done, it will be, or it does not fit."""
BESIDE = {"put": {200, *REPEATED["put"]}, "confirm": {*SERVED, AWAY}}
"""The store is restarted, once: what goes to it is asked for again meanwhile, and nothing else is."""

REFUSED = re.compile("AuthorizationFailed|SaslAuthenticationFailed|SASL Authentication failed", re.IGNORECASE)


@pytest.fixture
async def site(stack: Stack, api: Api) -> AsyncIterator[Site]:
    """For a load that remembers what each client was told, and for what must hold of it at rest."""
    async with open_bucket(stack.info) as bucket:
        yield Site(stack, Processes(stack), api, bucket)


class Uploading:
    """Somebody who uploads one file after the other by the client package, until told to stop."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._stopped = False
        self.sizes: list[int] = []

    async def run(self) -> None:
        """Raises what the first upload that fails does."""
        await register(self._stack.info, user := uuid4(), None)
        token = access_token(self._stack.info, user, "user")
        async with DocuvaultClient(self._stack.info.gateway_url, token) as client:
            while not self._stopped:
                size = len(self.sizes) + 1
                document = await client.upload(Bytes(b"x" * size, "notes.txt"))
                self.sizes.append(document.size_bytes)
                await asyncio.sleep(0.5)
            assert self.sizes == [*range(1, len(self.sizes) + 1)]
            assert (await client.quota()).used_bytes == sum(self.sizes)

    def stop(self) -> None:
        """After the file at hand."""
        self._stopped = True


@asynccontextmanager
async def begun(stack: Stack, *command: str) -> AsyncIterator[Process]:
    """A command of the operator's, in a process of its own; what still runs at the end is killed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.ops.cli", *command), env=environment(stack), stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def killed_while_processes_are_restarted(stack: Stack) -> None:
    """The command, gone once the store has its new account and before every service has."""
    store = (await asyncio.to_thread(stack.status))["minio"].pid
    async with begun(stack, "rotate", "kafka") as command:

        async def is_restarted() -> bool:
            assert command.returncode is None, await command.communicate()
            found = (await asyncio.to_thread(stack.status)).get("minio")
            return found is not None and found.state == "RUNNING" and found.pid != store

        await until(is_restarted)


def refusals(stack: Stack) -> Counter[str]:
    """How often each process has said that a broker did not let it in, or did not let it do its work."""
    logs = {log.stem: log.read_text("utf-8", "replace") for log in stack.layout.logs.glob("*.log")}
    return Counter({name: found for name, text in logs.items() if (found := len(REFUSED.findall(text)))})


async def test_under_load_killed_on_its_way_and_run_again_and_then_the_old_passwords_are_refused(
    stack: Stack, site: Site, accounts: Accounts
) -> None:
    first, lives, refused = load_credentials(stack.layout), await site.processes.lives(), refusals(stack)
    load, uploading = Load(site.api, Plan(users=3, uploads=200, seed=46, pause=1.0)), Uploading(stack)
    async with under(load), asyncio.TaskGroup() as group:
        group.create_task(uploading.run())
        await load.has_put(5)
        await killed_while_processes_are_restarted(stack)
        halfway = load_credentials(stack.layout)
        await load.has_put(5)
        async with begun(stack, "rotate", "kafka") as again:
            out, words = await again.communicate()
        assert (again.returncode, out) == (0, b"kafka: changed, the old key is gone\n"), (out, words)
        await load.has_put(5)
        uploading.stop()
    after, found = load_credentials(stack.layout), rotation(halfway, "kafka")
    assert found is not None
    assert found.phase is Phase.USED
    assert (after.kafka, after.kafka_users, after.rotations) == (halfway.kafka, halfway.kafka_users, {})
    assert {name for name, life in (await site.processes.lives()).items() if life == lives[name]} == set()
    assert refusals(stack) == refused, "an account was used before it was good, or for longer"
    wrong = {(call, status) for call, status in load.seen if status not in BESIDE.get(call, SERVED)}
    assert wrong == set(), load.seen
    for account in ACCOUNTS:
        assert "SaslAuthenticationFailed" in await why_not(accounts.reach(account, credentials=first))
    await assert_at_rest(site, load)
