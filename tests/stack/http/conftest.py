"""A client of the whole stack, and what must hold after every module: a clean audit, and silent logs and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from deploy.local.stack import Stack
from tests.stack.support.api import Api
from tests.stack.support.broker import Broker, open_broker
from tests.stack.support.bucket import Bucket, open_bucket
from tests.stack.support.leaks import HandedOut, find_leaks, secrets_in
from tests.stack.support.metrics import strange_labels
from tests.stack.support.provider import kind
from tests.stack.support.rest import assert_clean

REST_SECONDS = 60.0


@pytest.fixture(scope="session")
def handed_out() -> HandedOut:
    return HandedOut()


@pytest.fixture(scope="module", autouse=True)
def _audited(stack: Stack, handed_out: HandedOut) -> Iterator[None]:
    """Holds each module to the invariants and to its silence, whatever else it proved."""
    yield
    asyncio.run(assert_clean(stack.info, REST_SECONDS))
    stack.keep_logs()
    assert find_leaks(stack.layout.logs, handed_out, secrets_in(stack.layout.secrets)) == []
    if kind() == "embedded":  # a container's /metrics is seen by its own network alone
        assert asyncio.run(strange_labels(stack.info)) == set()


@pytest.fixture
async def api(stack: Stack, handed_out: HandedOut) -> AsyncIterator[Api]:
    connector = TCPConnector(limit=0)
    async with ClientSession(connector=connector, timeout=ClientTimeout(total=60)) as session:
        yield Api(session, stack.info, handed_out)


@pytest.fixture
async def bucket(stack: Stack) -> AsyncIterator[Bucket]:
    async with open_bucket(stack.info) as opened:
        yield opened


@pytest.fixture
async def broker(stack: Stack) -> AsyncIterator[Broker]:
    async with open_broker(stack.info) as opened:
        yield opened
