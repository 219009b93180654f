"""`make up` on a stack whose services are to run as something else: restarted one by one, and no client notices.

It begins as the release before the newest migration of upload, is upgraded under load, which migrates beside replicas
that know nothing of it, and later rolled back, onto a schema that is newer than the code. In between all its
keys are changed (`docuvault rotate`). The stack speaks TLS, and its store has a name of its own behind the gateway. The
tests go on from each other.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import nullcontext
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from yarl import URL

from deploy.local.server_gateway import own_authority
from deploy.local.stack import Stack, StackSettings
from services.chassis.migrations import read_migrations
from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Plan
from tests.faults.support.processes import Processes
from tests.faults.support.running import under
from tests.faults.support.site import Site
from tests.stack.gateway_names import Here
from tests.stack.gateway_page import small_page
from tests.stack.support.api import Api
from tests.stack.support.asking import asking, headers_of_a_user
from tests.stack.support.bucket import open_bucket
from tests.stack.support.leaks import HandedOut
from tests.stack.support.releases import NoHistoryError, release_before, running_as
from tests.stack.support.rotated import all_good, change, killed

pytestmark = [
    pytest.mark.embedded(
        "replicas are restarted one by one, with TLS of the gateway; test_containers_rotation replaces containers"
    ),
    pytest.mark.timeout(400),
]
FINAL = {200, 202, 204, 413}
"""What a client is answered that notices nothing: it is done, it will be, or it does not fit."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The release before this one; without the history, None: then it is this one that is restarted."""
    try:
        return release_before("upload", tmp_path_factory.mktemp("before") / "code")
    except NoHistoryError:
        return None


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, before: Path | None) -> Iterator[Stack]:
    page = small_page(tmp_path_factory.mktemp("page"))
    stack = Stack.on_free_ports(tmp_path_factory.mktemp("rolling"), gateway_tls="internal", page_dir=page)
    try:
        with running_as(before) if before else nullcontext():
            stack.up()
        yield stack
    finally:
        stack.reset()


@pytest.fixture
async def session(own: Stack) -> AsyncIterator[aiohttp.ClientSession]:
    """Believes the stack's own authority and nobody else; knows only users that are registered."""
    context = ssl.create_default_context(cafile=own_authority(own.layout))
    connector = aiohttp.TCPConnector(ssl=context, resolver=Here(), limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as found:
        yield found


@pytest.fixture
async def site(own: Stack, session: aiohttp.ClientSession) -> AsyncIterator[Site]:
    """For a load that remembers what each client was told, and for what must hold of it at rest."""
    async with open_bucket(own.info) as bucket:
        yield Site(own, Processes(own), Api(session, own.info, HandedOut()), bucket)


def asked(own: Stack, **settings: object) -> Stack:
    """The same stack as somebody addresses it who says nothing but `settings`."""
    kept = Stack(StackSettings(state_dir=own.layout.state)).settings
    return Stack(StackSettings(**{**kept.model_dump(), **settings}))


def pids(own: Stack) -> dict[str, int]:
    return {name: process.pid for name, process in own.status().items()}


async def rolled(own: Stack, site: Site, session: aiohttp.ClientSession, **settings: object) -> None:
    """Restarts all services under load: no client notices, and at rest the invariants hold."""
    before = await asyncio.to_thread(pids, own)
    uploads = Load(site.api, Plan(users=4, uploads=200, seed=len(settings), pause=0.1))
    async with under(uploads), asking(own, session) as seen:
        await uploads.has_put(5)
        await asyncio.to_thread(asked(own, **settings).up)
        await uploads.has_put(5)
    after = await asyncio.to_thread(pids, own)
    assert {outcome for _, _, outcome in seen} == {200}, seen
    assert min(seen.values()) > 20
    assert {status for _, status in uploads.seen} <= FINAL, uploads.seen
    assert after.keys() == before.keys()
    assert {name for name in after if after[name] == before[name]} == {"postgres", "kafka", "minio", "gateway"}
    assert 0 not in after.values()
    await assert_at_rest(site, uploads)


async def migrated(own: Stack) -> set[str]:
    """Names of the migrations that upload's schema has had."""
    connection = await asyncpg.connect(own.info.databases["postgres"])
    try:
        return {row["name"] for row in await connection.fetch("SELECT name FROM upload.schema_migrations")}
    finally:
        await connection.close()


async def test_the_next_release_is_rolled_out_under_load_with_its_schema_and_no_client_notices(
    own: Stack, site: Site, session: aiohttp.ClientSession, before: Path | None
) -> None:
    """Of each service with one replica, for which another stands in meanwhile."""
    ours = {each.name for each in read_migrations("services.upload")}
    assert before is None or await migrated(own) < ours
    await rolled(own, site, session, service_env={**own.settings.service_env, "UPLOAD_URL_MINUTES": "14"})
    assert await migrated(own) == ours
    headers, body = await headers_of_a_user(own), {"filename": "a.txt", "content_type": "text/plain"}
    url = f"{own.settings.gateway_origin}/api/documents/upload-url"
    async with session.post(url, json=body, headers=headers) as answer:
        assert f"X-Amz-Expires={14 * 60}" in (await answer.json())["upload_url"]


async def test_a_document_is_uploaded_through_the_gateway_alone_over_tls(
    own: Stack, session: aiohttp.ClientSession
) -> None:
    headers, api = await headers_of_a_user(own), own.settings.gateway_origin
    body = {"filename": "a.txt", "content_type": "text/plain"}
    async with session.post(f"{api}/api/documents/upload-url", json=body, headers=headers) as answer:
        assert answer.status == 200
        made = await answer.json()
    url = URL(made["upload_url"], encoded=True)
    assert str(url.origin()) == own.settings.store_origin == f"https://store.localhost:{own.settings.gateway_port}"
    preflight = {"Origin": api, "Access-Control-Request-Method": "PUT"}
    async with session.options(url, headers=preflight) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == api
    async with session.put(url, data=b"x" * 1_000_000, headers={"Origin": api}) as answer:
        assert (answer.status, answer.headers.getall("Strict-Transport-Security")) == (200, ["max-age=600"])
        assert answer.headers["Access-Control-Allow-Origin"] == api
    async with session.post(f"{api}/api/documents/{made['document_id']}/confirm", headers=headers) as answer:
        assert (answer.status, (await answer.json())["size_bytes"]) == (200, 1_000_000)
    log = await asyncio.to_thread(own.layout.log("gateway").read_text)
    assert "X-Amz-Signature" not in log
    assert "Bearer" not in log


async def test_the_page_and_the_documentation_are_there(own: Stack, session: aiohttp.ClientSession) -> None:
    for path in (
        "/",
        "/docs/",
        "/docs/openapi.html",
        "/docs/redoc.standalone.js",
        "/docs/openapi.json",
        "/docs/asyncapi.html",
    ):
        async with session.get(own.settings.gateway_origin + path) as answer:
            assert (answer.status, len(await answer.read()) > 50) == (200, True), path


def test_what_runs_as_it_should_is_left_alone(own: Stack) -> None:
    before = pids(own)
    asked(own).up()
    assert pids(own) == before


@pytest.mark.timeout(600)
async def test_all_keys_are_changed_under_load_and_no_client_notices(
    own: Stack, session: aiohttp.ClientSession
) -> None:
    """Of one replica each; the operator is killed once. What old keys signed is good until they end, and then not."""
    was, lives = own.info, {"jwt": 2000.0, "minio": 2000.0, "postgres": 0.0}
    headers, api = await headers_of_a_user(own), own.settings.gateway_origin
    body = {"filename": "a.txt", "content_type": "text/plain"}
    async with session.post(f"{api}/api/documents/upload-urls", json={"files": [body] * 2}, headers=headers) as answer:
        under_way = [each["upload_url"] for each in (await answer.json())["uploads"]]
    async with asking(own, session) as seen:
        await asyncio.to_thread(killed, own, lives)
        now = time.time()
        waits = await asyncio.to_thread(change, own, lives, now)
    assert {status for _, _, status in seen} == {200}, seen
    assert waits == {"jwt": now + 2000, "minio": now + 2000}
    old, new = await all_good(was, session), await all_good(own.info, session)
    assert {name for name, good in old.items() if good} == {name for name in old if name.startswith("store")}
    assert False not in new.values()
    async with session.get(f"{api}/api/auth/me/quota", headers=headers) as answer:
        assert answer.status == 200
    async with session.put(URL(under_way[0], encoded=True), data=b"x") as answer:
        assert answer.status == 200
    assert await asyncio.to_thread(change, own, lives, now + 2001) == {}
    assert True not in (await all_good(was, session)).values()
    assert await all_good(own.info, session) == new
    async with session.get(f"{api}/api/auth/me/quota", headers=headers) as answer:
        assert answer.status == 401
    async with session.put(URL(under_way[1], encoded=True), data=b"x") as answer:
        assert answer.status == 403


async def test_a_release_is_rolled_back_under_load_onto_the_schema_of_the_next_and_no_client_notices(
    own: Stack, site: Site, session: aiohttp.ClientSession, before: Path | None
) -> None:
    await asyncio.to_thread(asked(own, replicas=2).up)
    with running_as(before) if before else nullcontext():
        await rolled(own, site, session, service_env={**own.settings.service_env, "UPLOAD_URL_MINUTES": "13"})
    assert await migrated(own) == {each.name for each in read_migrations("services.upload")}
