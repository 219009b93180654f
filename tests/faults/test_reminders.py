"""A group's offsets are set to the latest, so that it misses what was told: reminders heal it, whatever it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from docuvault_contracts import topics

from tests.faults.support.console import docuvault
from tests.faults.support.eyes import Eyes
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.site import Site
from tests.stack.support.api import Upload
from tests.stack.support.waiting import eventually

HOURS = "interval '3 hours'"
HEALED_SECONDS = 60.0


@asynccontextmanager
async def missing(site: Site, service: str, *names: str) -> AsyncIterator[None]:
    """What is told inside, by the topics of those names, the service never hears."""
    processes = site.processes.services(service)
    async with site.processes.without(*processes):
        yield
        only = [option for name in names for option in ("--topic", name)]
        code, _, words = await docuvault(site.stack, "offsets", "--group", service, *only, "--to", "latest")
        assert code == 0, words
    await site.processes.ready(processes)


@pytest.fixture
async def database(site: Site) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """As the superuser: makes documents older than they are, and jobs due."""
    connection = await asyncpg.connect(site.info.databases["postgres"])
    try:
        yield connection
    finally:
        await connection.close()


class Hours:
    """As if hours had passed for some documents."""

    def __init__(self, database: asyncpg.Connection[asyncpg.Record]) -> None:
        self._database = database

    async def pass_for(self, upload: Upload) -> None:
        """Its URL is dead, and it was told of long ago."""
        await self._database.execute(
            f"UPDATE upload.documents SET told_at = told_at - {HOURS}, created_at = created_at - {HOURS},"  # noqa: S608
            f" updated_at = updated_at - {HOURS}, expires_at = expires_at - {HOURS} WHERE id = $1::uuid",
            upload.document_id,
        )

    async def until(self, look: Callable[[], Awaitable[object]], becomes: object) -> None:
        """Lets the jobs that heal run, again and again, until it is so."""

        async def after_a_run() -> object:
            await self._database.execute("UPDATE upload.jobs SET due_at = now() WHERE name = 'reminders'")
            await self._database.execute("UPDATE janitor.jobs SET due_at = now() WHERE name = 'sweep'")
            return await look()

        await eventually(after_a_run, becomes=becomes, within=HEALED_SECONDS)


@pytest.fixture
def hours(database: asyncpg.Connection[asyncpg.Record]) -> Hours:
    return Hours(database)


async def test_a_decision_that_the_upload_service_missed_is_heard(site: Site, hours: Hours, eyes: Eyes) -> None:
    client = await site.api.user()
    upload = await client.begin()
    async with missing(site, "upload"):
        assert await client.put(upload, b"data") == 200
        await eventually(lambda: eyes.said(topics.QUOTA, "quota.reserved", client.user_id), becomes=1)
    assert await client.status_of(upload) == "pending"
    await hours.pass_for(upload)
    await hours.until(lambda: client.status_of(upload), becomes="uploaded")
    await assert_at_rest(site)


async def test_a_request_that_the_janitor_missed_ends_though_no_bytes_ever_came(
    site: Site, hours: Hours, eyes: Eyes
) -> None:
    client = await site.api.user()
    async with missing(site, "janitor"):
        upload = await client.begin()
        await eventually(lambda: eyes.kept("upload"), becomes=0)
    await hours.pass_for(upload)
    await hours.until(lambda: client.status_of(upload), becomes=404)
    await assert_at_rest(site)


async def test_a_deletion_that_ledger_and_janitor_missed_frees_its_bytes(site: Site, hours: Hours, eyes: Eyes) -> None:
    client = await site.api.user()
    upload = await client.store(b"data")
    async with missing(site, "quota", topics.DOCUMENTS.name), missing(site, "janitor", topics.DOCUMENTS.name):
        assert (await client.delete(upload.document_id)).status == 204
        await eventually(lambda: eyes.kept("upload"), becomes=0)
    assert await client.used_bytes() == len(b"data")
    assert await site.bucket.holds(upload.key)
    await hours.pass_for(upload)
    await hours.until(client.used_bytes, becomes=0)
    await eventually(lambda: site.bucket.holds(upload.key), becomes=False)
    await assert_at_rest(site)


async def test_a_release_that_the_upload_service_missed_is_asked_for(
    site: Site, hours: Hours, eyes: Eyes, database: asyncpg.Connection[asyncpg.Record]
) -> None:
    client = await site.api.user()
    upload = await client.store(b"data")
    quota = site.processes.services("quota")
    await site.processes.stop(*quota)
    assert (await client.delete(upload.document_id)).status == 204
    async with missing(site, "upload"):
        await site.processes.start(*quota)
        await eventually(lambda: eyes.said(topics.QUOTA, "quota.released", client.user_id), becomes=1)

    async def ruling() -> object:
        return await database.fetchval("SELECT ruling FROM upload.documents WHERE id = $1::uuid", upload.document_id)

    assert await ruling() == "reserved"
    await hours.pass_for(upload)
    await hours.until(ruling, becomes="released")
    await assert_at_rest(site)
