"""Uploads in parts on the whole stack: paid for or gone, whoever dies, and no part is left that nobody can complete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import asyncpg
import pytest
from aiohttp import ClientError, ClientSession
from pydantic import SecretStr

from deploy.ops.audit import audit
from deploy.ops.audit_model import Check
from services.chassis.failpoints import Name
from services.chassis.settings import StorageSettings
from services.chassis.storage_minio import MinioStorage, open_storage
from tests.faults.support.crash_names import IN_PARTS, IN_THE_ENDING
from tests.faults.support.crashes import Crashes, Stop
from tests.faults.support.eyes import Eyes
from tests.faults.support.facts import assert_said_once
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.site import Site
from tests.faults.support.sweeping import Waiting, janitor, open_waiting
from tests.stack.minio_alone import new_key
from tests.stack.support.api import Client
from tests.stack.support.parts import LEAST, Begun, InParts
from tests.stack.support.waiting import eventually

FILE: Mapping[int, bytes] = {1: b"a" * LEAST, 2: b"the end"}
SIZE = sum(map(len, FILE.values()))
DAY = 25


@pytest.fixture
async def waiting(site: Site) -> AsyncIterator[Waiting]:
    async with open_waiting(site) as waiting:
        yield waiting


@pytest.fixture
async def store(site: Site) -> AsyncIterator[MinioStorage]:
    """The store as its owner sees it."""
    root = site.info.store_keys["root"]
    settings = StorageSettings(
        minio_endpoint=site.info.minio_endpoint,
        minio_access_key=root.access_key,
        minio_secret_key=SecretStr(root.secret_key),
    )
    async with open_storage(settings) as storage:
        yield storage


@dataclass(frozen=True, slots=True)
class World:
    """One user who uploads in parts, and the store below them."""

    site: Site
    client: Client
    parts: InParts
    store: MinioStorage
    waiting: Waiting

    async def open(self, begun: Begun) -> int:
        """How many uploads of the document's key are open in the store."""
        return len(await self.store.multipart.list_uploads(begun.key))

    async def uploaded(self) -> Begun:
        """A file of which all parts are there."""
        begun = await self.parts.begin()
        await self.parts.put(begun, FILE)
        return begun

    async def age(self, count: int, hours: int) -> None:
        """Makes all that the user began so much older, wherever it is written."""
        await self.waiting.for_hours(self.client.user_id, count, hours)
        connection = await asyncpg.connect(self.site.info.databases["postgres"])
        try:
            await connection.execute(
                """UPDATE upload.documents SET created_at = created_at - make_interval(hours => $2),
                   expires_at = expires_at - make_interval(hours => $2) WHERE user_id = $1""",
                self.client.user_id,
                hours,
            )
        finally:
            await connection.close()

    async def is_over(self, begun: Begun) -> None:
        """Returns once nothing is left of it: no upload, no object, no document, no byte that is paid for."""
        await eventually(lambda: self.open(begun), becomes=0)
        await eventually(lambda: self.client.status_of(begun), becomes=404)  # type: ignore[arg-type]
        await assert_at_rest(self.site)
        assert not await self.site.bucket.holds(begun.key)
        assert await self.client.used_bytes() == 0


@pytest.fixture
async def world(site: Site, store: MinioStorage, waiting: Waiting) -> AsyncIterator[World]:
    async with ClientSession() as session:
        client = await site.api.user()
        yield World(site, client, InParts(client, session), store, waiting)


async def test_a_file_in_parts_is_paid_for_with_nobody_confirming(world: World, eyes: Eyes) -> None:
    begun = await world.parts.begin()
    done = await world.parts.complete(begun, await world.parts.put(begun, FILE))
    assert done.status == 200, done
    await eventually(world.client.used_bytes, becomes=SIZE)
    answer = await world.client.confirm(begun.document_id)
    assert (answer.status, answer.body["size_bytes"]) == (200, SIZE)
    assert (await world.client.delete(begun.document_id)).status == 204
    await world.is_over(begun)
    await assert_said_once(world.site.info, eyes.wire)


async def test_what_does_not_fit_when_it_is_complete_is_refused_and_gone(site: Site, world: World) -> None:
    poor = await site.api.user(limit_bytes=SIZE - 1)
    async with ClientSession() as session:
        parts = InParts(poor, session)
        begun = await parts.begin()
        assert (await parts.complete(begun, await parts.put(begun, FILE))).status == 200
        answer = await poor.confirm(begun.document_id)
        assert (answer.status, answer.body["detail"]["rejected_bytes"]) == (413, SIZE)
        assert (await parts.complete(begun, [{"PartNumber": 1, "ETag": "e"}])).status == 413
    await eventually(lambda: site.bucket.holds(begun.key), becomes=False)
    await eventually(lambda: world.open(begun), becomes=0)
    assert await poor.used_bytes() == 0


@pytest.mark.parametrize("how", ["delete", "abort"])
async def test_who_deletes_a_document_in_mid_upload_leaves_no_part(world: World, how: str) -> None:
    begun = await world.uploaded()
    other = await world.store.multipart.create(begun.key, "video/mp4")  # as a URL that begins makes, used again
    assert len(other) > 0
    if how == "delete":
        assert (await world.client.delete(begun.document_id)).status == 204
    else:
        assert (await world.parts.abort(begun)).status == 204
    await world.is_over(begun)


async def test_a_large_file_on_a_slow_line_is_not_swept_while_it_may_still_come(world: World) -> None:
    begun = await world.parts.begin()
    parts = await world.parts.put(begun, {1: FILE[1]})
    await world.age(1, 5)
    await world.waiting.remind_soon(world.client.user_id, 0)
    swept = (await janitor(world.site, "sweep")).counts
    assert (swept["cleaned"], swept["ended"]) == (0, 0)
    found = await audit(world.site.info)
    assert found.clean, found.differences
    assert (found.counted.uploads, found.counted.parts, found.counted.part_bytes) == (1, 1, LEAST)
    assert any("nobody pays for yet" in note for note in found.notes)
    parts += await world.parts.put(begun, {2: FILE[2]})
    assert (await world.parts.complete(begun, parts)).status == 200
    await eventually(lambda: world.client.status_of(begun), becomes="uploaded")  # type: ignore[arg-type]
    assert (await world.client.delete(begun.document_id)).status == 204
    await world.is_over(begun)


async def test_what_is_never_completed_is_gone_with_its_parts_when_its_time_is_over(world: World) -> None:
    begun, done = await world.uploaded(), await world.parts.begin()
    assert (await world.parts.complete(done, await world.parts.put(done, FILE))).status == 200
    await eventually(lambda: world.client.status_of(done), becomes="uploaded")  # type: ignore[arg-type]
    await world.store.multipart.create(done.key, "video/mp4")
    await world.age(2, DAY)
    assert Check.PARTS in {each.check for each in (await audit(world.site.info, max_pending_seconds=600)).differences}
    swept = (await janitor(world.site, "sweep")).counts
    assert (swept["cleaned"], swept["ended"]) == (1, 2)
    assert (await janitor(world.site, "sweep")).counts["ended"] == 0
    assert await world.open(done) == 0
    assert (await world.client.confirm(done.document_id)).status == 200
    assert (await world.client.delete(done.document_id)).status == 204
    await world.is_over(begun)


async def test_an_upload_that_no_document_knows_is_what_the_audit_finds(world: World) -> None:
    key = new_key()
    await world.store.multipart.create(key, "video/mp4")
    found = (await audit(world.site.info)).of(Check.PARTS)
    assert [each.key for each in found] == [key]
    assert await world.store.end_uploads(key) == 1
    assert (await audit(world.site.info)).of(Check.PARTS) == []


async def test_parts_outlive_the_store(world: World) -> None:
    begun = await world.parts.begin()
    parts = await world.parts.put(begun, FILE)
    await world.site.processes.kill("minio")
    await world.site.processes.ready()
    listed = await world.parts.list(begun)
    assert [part["PartNumber"] for part in listed.body] == [1, 2]
    assert (await world.parts.complete(begun, parts)).status == 200
    await eventually(lambda: world.client.status_of(begun), becomes="uploaded")  # type: ignore[arg-type]
    assert (await world.client.delete(begun.document_id)).status == 204
    await world.is_over(begun)


@pytest.mark.parametrize("name", IN_PARTS)
async def test_a_replica_that_dies_in_a_request_about_parts_leaves_nothing_for_ever(
    world: World, crashes: Crashes, eyes: Eyes, name: Name
) -> None:
    stops = [Stop("upload-1", name)]
    begun = None if name in {"multipart.after_commit", "multipart.after_begin"} else await world.parts.begin()
    parts = [] if begun is None else await world.parts.put(begun, FILE)
    crashes.arm(stops)
    asking = asyncio.create_task(_cut_off(world, name, begun, parts))
    await crashes.reached(stops)
    await crashes.crash(stops, eyes.wire)
    await asking
    await world.site.processes.ready()
    if name == "multipart.after_complete":
        assert begun is not None
        assert (await world.parts.complete(begun, parts)).status == 200
        assert (await world.client.confirm(begun.document_id)).status == 200
        assert (await world.client.delete(begun.document_id)).status == 204
    if begun is None:
        [shown] = (await world.client.list()).body["items"]
        begun = Begun(shown["id"], await _key_of(world, shown["id"]), "")
        assert await world.open(begun) == (name == "multipart.after_begin")
        await world.age(1, DAY)
        assert (await janitor(world.site, "sweep")).counts["cleaned"] == 1
    await world.is_over(begun)


async def _cut_off(world: World, name: Name, begun: Begun | None, parts: list[dict[str, object]]) -> None:
    """A request that is not answered."""
    try:
        if begun is None:
            await world.client.send("POST", "/api/documents/multipart", {"filename": "a", "content_type": "a/b"})
        elif name == "multipart.after_complete":
            await world.parts.complete(begun, parts)
        else:
            await world.parts.abort(begun)
    except ClientError:
        return


async def _key_of(world: World, document_id: str) -> str:
    connection = await asyncpg.connect(world.site.info.databases["postgres"])
    try:
        return str(
            await connection.fetchval("SELECT object_key FROM upload.documents WHERE id = $1::uuid", document_id)
        )
    finally:
        await connection.close()


@pytest.mark.parametrize("name", IN_THE_ENDING)
async def test_a_janitor_that_dies_while_it_ends_uploads_ends_them_again(
    world: World, crashes: Crashes, eyes: Eyes, name: Name
) -> None:
    begun, stops = await world.uploaded(), [Stop("janitor-1", name)]
    await world.age(1, DAY)
    crashes.arm(stops)
    await world.waiting.sweep_soon()
    await crashes.reached(stops)
    assert await world.open(begun) == 0
    await crashes.crash(stops, eyes.wire)
    await eventually(lambda: world.waiting.rows(world.client.user_id, "end_at IS NULL"), becomes=1)
    await world.is_over(begun)
