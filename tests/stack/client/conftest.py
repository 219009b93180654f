"""A stack whose clients reach the store and the gateway by ways that a test can break, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from docuvault_client import DocuvaultClient, Patience

from deploy.local.info import StackInfo
from deploy.local.stack import Stack
from tests.faults.support.stacks import own_stack
from tests.faults.support.toxiproxy import FaultProxy
from tests.stack.conftest import NewUser, User
from tests.stack.support.relay import Relay, relaying

QUICK = Patience(first_seconds=0.02, longest_seconds=0.2)


class NewClient(Protocol):
    """Opens a client of a user, a new one where none is named."""

    async def __call__(self, user: User | None = None, **options: Any) -> DocuvaultClient: ...


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One for the folder."""
    with own_stack(request, tmp_path_factory.mktemp("client"), fault_proxy=True) as stack:
        yield stack


@pytest.fixture(scope="session")
def info(stack: Stack) -> StackInfo:
    """Of this stack: the one of tests/stack is remembered for the session by the stack that asked first."""
    return stack.info


@pytest.fixture(scope="session")
def gateway_url(info: StackInfo) -> str:
    """Likewise."""
    return info.gateway_url


@pytest.fixture
async def relay(stack: Stack) -> AsyncIterator[Relay]:
    """What clients come by to the store, as long as the test runs."""
    way = FaultProxy(stack.info.fault_proxy_url, "clients_minio")
    async with relaying(int(stack.info.minio_endpoint.rpartition(":")[2])) as relay:
        before = await way.lead_to(relay.port)
        try:
            yield relay
        finally:
            await way.lead_to(before)


@pytest.fixture
async def new_client(stack: Stack, new_user: NewUser) -> AsyncIterator[NewClient]:
    """Clients that do not wait long before they try again."""
    async with AsyncExitStack() as opened:

        async def make(user: User | None = None, **options: Any) -> DocuvaultClient:
            found = user or await new_user()
            given: dict[str, Any] = {
                "base_url": stack.info.gateway_url,
                "token": found.token,
                "patience": QUICK,
            } | options
            return await opened.enter_async_context(DocuvaultClient(**given))

        yield make


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file that is not yet read to its end when its first bytes arrive: 40 MiB."""
    path = tmp_path / "film.bin"
    path.write_bytes(bytes(range(256)) * (40 * 4096))
    return path
