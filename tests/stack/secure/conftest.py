"""A whole stack that speaks TLS and knows accounts, which the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiohttp import ClientSession

from deploy.local.stack import Stack
from tests.stack.secure.accounts import GUESTS, Accounts
from tests.stack.support.api import Api
from tests.stack.support.leaks import HandedOut
from tests.stack.support.provider import provided


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With the classifier; it is reset when the last test of the folder is done."""
    stack = provided(tmp_path_factory.mktemp("secure"), secure=True, kafka_guests=GUESTS, without_services=())
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


@pytest.fixture
def accounts(stack: Stack) -> Accounts:
    """Who there is on the stack's Kafka."""
    return Accounts(stack)


@pytest.fixture
async def api(stack: Stack, client: ClientSession) -> Api:
    """Callers of the stack."""
    return Api(client, stack.info, HandedOut())
