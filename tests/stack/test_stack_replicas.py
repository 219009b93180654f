"""`make up REPLICAS=n` on a running stack: more and fewer replicas, and no request lost on the way."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import psutil
import pytest

from deploy.local.stack import Stack

pytestmark = [
    pytest.mark.embedded("processes come and go one by one; the containers' smoke scales"),
    pytest.mark.timeout(300),
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack.on_free_ports(tmp_path_factory.mktemp("replicas"))
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


@asynccontextmanager
async def constant_requests(url: str, session: aiohttp.ClientSession) -> AsyncIterator[list[int]]:
    """Asks `url` over and over while the block runs; the answers' statuses are in the list."""
    statuses: list[int] = []
    stop = asyncio.Event()

    async def ask() -> None:
        while not stop.is_set():
            async with session.get(url) as answer:
                statuses.append(answer.status)

    asking = asyncio.create_task(ask())
    try:
        yield statuses
    finally:
        stop.set()
        await asking


async def test_replicas_come_and_go_without_a_lost_request(own: Stack, client: aiohttp.ClientSession) -> None:
    before = own.supervisor.pid("upload-1")
    async with constant_requests(f"{own.info.gateway_url}/api/documents", client) as statuses:
        await asyncio.to_thread(own.up, replicas=2)
        more = await asyncio.to_thread(own.status)
        await asyncio.to_thread(own.up, replicas=1)
        fewer = await asyncio.to_thread(own.status)
    assert set(statuses) == {401}
    assert {"upload-2", "quota-2", "janitor-2"} <= more.keys()
    assert not {"upload-2", "quota-2", "janitor-2"} & fewer.keys()
    assert own.supervisor.pid("upload-1") == before


def test_the_services_run_with_their_own_packages_and_no_others(own: Stack) -> None:
    python = psutil.Process(own.supervisor.pid("quota-1")).cmdline()[0]
    found = subprocess.run([python, "-c", "import rich"], capture_output=True, text=True, check=False)  # noqa: S603 - own
    assert "No module named 'rich'" in found.stderr
