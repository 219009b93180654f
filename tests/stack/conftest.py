"""A stack of the tests' own: real servers and services on free ports, its state in a temporary folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import pytest

from deploy.local.info import StackInfo
from deploy.local.stack import Stack
from deploy.ops.users import access_token, register
from tests.stack.support.provider import kind, only_embedded, provided
from tests.stack.upload_replicas import Replica, fresh_database, open_replicas


@dataclass(frozen=True, slots=True)
class User:
    """A user the services know, and the header that speaks for them."""

    id: UUID
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


HERE = Path(__file__).parent
NewUser = Callable[..., Awaitable[User]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What only the embedded stack has is skipped, before anything is started for it, where STACK names another."""
    if kind() != "embedded":
        for item in items:
            if item.path.is_relative_to(HERE) and (why := only_embedded(item)):
                item.add_marker(pytest.mark.skip(reason=f"the embedded stack alone: {why}"))


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack, one replica of each service, up for the session; its logs stay when a test failed."""
    stack = provided(tmp_path_factory.mktemp("stack"))
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
    if not request.session.testsfailed:
        stack.reset()


@pytest.fixture(scope="session")
def info(stack: Stack) -> StackInfo:
    """Addresses and credentials of the session's stack."""
    return stack.info


@pytest.fixture(scope="session")
def gateway_url(info: StackInfo) -> str:
    """Where the API of the session's stack is, without a slash at the end."""
    return info.gateway_url


@pytest.fixture(scope="module")
def database(stack: Stack) -> Iterator[str]:
    """The URL of a database for documents, the module's own; no service of the stack works on it."""
    with fresh_database(stack.info.databases["postgres"]) as url:
        yield url


@pytest.fixture
async def replica(database: str) -> AsyncIterator[Replica]:
    """The upload service on `database`, emptied, without its consumer."""
    async with open_replicas(database) as found:
        yield found[0]


@pytest.fixture
async def replicas(database: str) -> AsyncIterator[list[Replica]]:
    """Two of them."""
    async with open_replicas(database, 2) as found:
        yield found


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client with a bounded patience."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session


@pytest.fixture
def new_user(info: StackInfo) -> NewUser:
    """Makes a user, with a limit in bytes or the default; without a quota where `provision` is false."""

    async def make(*, limit_bytes: int | None = None, role: str = "user", provision: bool = True) -> User:
        user_id = uuid4()
        if provision:
            await register(info, user_id, limit_bytes)
        return User(user_id, access_token(info, user_id, role))

    return make
