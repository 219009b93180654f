"""An account that may not do what its service does, or has another password: nothing is lost, and it is said."""

from __future__ import annotations

import asyncio
import re

import pytest
from aiohttp import ClientSession
from docuvault_contracts import topics

from deploy.access import Kind, Operation, Rule
from deploy.local.stack import Stack
from deploy.ops.kafka import open_kafka
from tests.stack.chassis_servers import until
from tests.stack.secure.accounts import Accounts
from tests.stack.support.api import Api
from tests.stack.support.provider import log_of
from tests.stack.support.rest import assert_clean

TAKEN = {
    "the store cannot tell": ("store", "minio", Rule(Kind.TOPIC, "storage.events", Operation.WRITE)),
    "the ledger cannot hear": ("quota", "quota-1", Rule(Kind.TOPIC, "storage.events", Operation.READ)),
    "the ledger cannot say": ("quota", "quota-1", Rule(Kind.TOPIC, "quota", Operation.WRITE)),
    "the ledger cannot join": ("quota", "quota-1", Rule(Kind.GROUP, "quota", Operation.READ)),
}
DEAD = [topic.name for topic in topics.ALL if topic.name.startswith("dlq.")]


async def dead_letters(stack: Stack) -> int:
    async with open_kafka(stack.info.kafka) as kafka:
        return sum(end for _, end in (await kafka.bounds(DEAD)).values())


def said_since(stack: Stack, process: str, start: int) -> list[str]:
    """The lines of its log after the first `start` characters."""
    return log_of(stack, process)[start:].splitlines()


@pytest.mark.parametrize("what", TAKEN)
async def test_what_was_put_while_it_may_not_is_decided_when_it_may(
    stack: Stack, accounts: Accounts, api: Api, what: str
) -> None:
    account, process, rule = TAKEN[what]
    user, buried = await api.user(), await dead_letters(stack)
    start = len(log_of(stack, process))
    await accounts.take(account, rule)
    try:
        upload = await user.put_new(b"some text", "notes.txt")
        await until(lambda: any(re.search("uthoriz", line) for line in said_since(stack, process, start)))
        await asyncio.sleep(2)  # some attempts more
        assert await user.status_of(upload) == "pending"
    finally:
        await accounts.settle()
    await until(lambda: decided(user, upload))
    assert await dead_letters(stack) == buried
    assert len([line for line in said_since(stack, process, start) if re.search("uthoriz", line)]) < 60
    await assert_clean(stack.info)


async def decided(user: object, upload: object) -> bool:
    return await user.status_of(upload) not in {"pending", 404}  # type: ignore[attr-defined]


@pytest.mark.embedded("it asks a service on a port of its own, which containers do not publish")
async def test_a_service_with_a_wrong_password_says_so_waits_and_goes_on_when_it_is_right(
    stack: Stack, accounts: Accounts, client: ClientSession
) -> None:
    ready, process = f"{stack.info.service_urls['janitor-1']}/readyz", "janitor-1"

    async def readiness() -> tuple[int, str]:
        async with client.get(ready) as answer:
            return answer.status, await answer.text()

    await accounts.settle(janitor="changed under it")
    assert (await readiness())[0] == 200, "who is connected stays so"
    start = len(log_of(stack, process))
    await asyncio.to_thread(stack.supervisor.stop, process)
    await asyncio.to_thread(stack.supervisor.start, process, wait=True)
    pid = stack.status()[process].pid
    try:
        await until(lambda: any("SaslAuthenticationFailed" in line for line in said_since(stack, process, start)))
        await asyncio.sleep(3)  # for as long as it would take to be restarted
        status, why = await readiness()
    finally:
        await accounts.settle()
    assert (status, "SaslAuthenticationFailed" in why) == (503, True), why
    assert "changed under it" not in "".join(said_since(stack, process, start)) + why

    async def is_well() -> bool:
        return (await readiness())[0] == 200

    await until(is_well)
    assert stack.status()[process].pid == pid
    assert len(said_since(stack, process, start)) < 100
