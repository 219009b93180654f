"""`docuvault rotate` on a stack in containers, secure, under load and killed on its way: no client notices."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator

import aiohttp
import pytest
from yarl import URL

from deploy.containers.engine import containers_of
from deploy.containers.stack import ContainerStack
from deploy.images.docker import engine
from deploy.local.credentials import load_credentials
from deploy.local.rotation import KINDS, Phase
from deploy.local.settings import SERVICES
from deploy.ops.audit import settled
from tests.stack.chassis_servers import until
from tests.stack.support.asking import asking, headers_of_a_user
from tests.stack.support.console import environment
from tests.stack.support.provider import in_containers
from tests.stack.support.rotated import all_good

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(engine() is None, reason="no Docker engine answers here (DOCKER_HOST)"),
]
ROTATE = (sys.executable, "-m", "deploy.ops.cli", "rotate", "all")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerStack]:
    stack = in_containers(tmp_path_factory.mktemp("rotation"), secure=True, without_services=())
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


async def rotated(own: ContainerStack, *options: str) -> dict[str, str]:
    """Until when which old key is good."""
    command = (*ROTATE, "--json", *options)
    process = await asyncio.create_subprocess_exec(*command, env=environment(own), stdout=PIPE, stderr=PIPE)
    out, words = await process.communicate()
    assert process.returncode == 0, words.decode()
    told = json.loads(out)
    assert told["changed"] == list(KINDS)
    return dict(told["old_keys_until"])


def phases(own: ContainerStack) -> set[str]:
    return {found["phase"] for found in load_credentials(own.layout).rotations.values()}


def ids(own: ContainerStack) -> dict[str, set[str]]:
    """Of the containers of each service and server."""
    found = containers_of(own.project)
    return {name: {one.id for one in found if one.service == name} for name in {one.service for one in found}}


async def killed_while_services_are_replaced(own: ContainerStack) -> None:
    """The operator's command, gone when the new keys are to be used, and a service has one that uses them."""
    process = await asyncio.create_subprocess_exec(*ROTATE, env=environment(own), stdout=PIPE, stderr=PIPE)
    try:

        def goes_on() -> bool:
            assert process.returncode is None
            return True

        await until(lambda: goes_on() and phases(own) == {Phase.USED}, 300)
        before = await asyncio.to_thread(ids, own)

        async def is_begun() -> bool:
            return goes_on() and bool((await asyncio.to_thread(ids, own))["upload"] - before["upload"])

        await until(is_begun)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_all_keys_are_changed_under_load_and_no_client_notices(
    own: ContainerStack, client: aiohttp.ClientSession
) -> None:
    """What old keys signed is good until they end, and then not."""
    was, before = own.info, await asyncio.to_thread(ids, own)
    headers, api = await headers_of_a_user(own), own.info.gateway_url
    body = {"filename": "a.txt", "content_type": "text/plain"}
    async with client.post(f"{api}/api/documents/upload-urls", json={"files": [body] * 2}, headers=headers) as answer:
        under_way = (await answer.json())["uploads"]
    async with asking(own, client) as seen:
        await killed_while_services_are_replaced(own)
        until_when = await rotated(own)
    assert {outcome for _, _, outcome in seen} == {200}, seen
    assert min(seen.values()) > 20, seen
    after = await asyncio.to_thread(ids, own)
    assert {name for name in after if after[name] & before[name]} == {"postgres", "kafka", "gateway", "setup"}
    assert {name: len(after[name]) for name in SERVICES} == dict.fromkeys(SERVICES, 1)
    assert not [health for health in own.health() if health.reason]

    assert set(until_when) == {"jwt", "minio"}
    old, new = await all_good(was, client), await all_good(own.info, client)
    assert {name for name, good in old.items() if good} == {name for name in old if name.startswith("store")}
    assert False not in new.values()
    first, second = (URL(each["upload_url"], encoded=True) for each in under_way)
    async with client.put(first, data=b"hello", headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 200
    confirm = f"{api}/api/documents/{under_way[0]['document_id']}/confirm"
    async with client.post(confirm, headers=headers) as answer:
        assert answer.status in {200, 202}, await answer.text()

    assert await rotated(own, "--revoke") == {}
    assert load_credentials(own.layout).rotations == {}
    assert True not in (await all_good(was, client)).values()
    assert await all_good(own.info, client) == new
    async with client.get(f"{api}/api/auth/me/quota", headers=headers) as answer:
        assert answer.status == 401
    async with client.put(second, data=b"hello", headers={"Content-Type": "text/plain"}) as answer:
        assert answer.status == 403
    report = await settled(own.info, 60.0)
    assert report.clean, report
