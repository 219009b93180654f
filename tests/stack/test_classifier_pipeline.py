"""From the bytes in the store to the topics of the document, through the gateway: everything real, the model too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiohttp import ClientSession, ClientTimeout

from deploy.local.stack import Stack
from deploy.ops.audit_heal import heal
from deploy.ops.audit_heal_rules import Word
from tests.stack.support.api import Api, Client, Upload
from tests.stack.support.console import docuvault
from tests.stack.support.leaks import HandedOut
from tests.stack.support.provider import provided
from tests.stack.support.rest import assert_clean
from tests.stack.support.waiting import eventually

INVOICE = b"""# Invoice 2026-17

Amount due: 420.00 EUR, payable within 14 days to the account below. VAT 19 % is included.
Thank you for your order. Please name the invoice number with your payment.
"""
RECIPE = b"""# Grandmother's apple pie

Peel six apples. Mix flour, butter and sugar to a dough, and let it rest in the fridge for an hour.
Bake for 45 minutes at 180 degrees, until it is golden.
"""
TOPICS = {
    "Invoices": "Bills, invoices, amounts due, payment requests and receipts",
    "Cooking": "Recipes, ingredients, baking and kitchen notes",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this module's own, with the classifier in it."""
    stack = provided(tmp_path_factory.mktemp("stack"), without_services=())
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[Api]:
    async with ClientSession(timeout=ClientTimeout(total=60)) as session:
        yield Api(session, stack.info, HandedOut())


@pytest.fixture
async def tables(stack: Stack) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(stack.info.databases["audit"])
    yield connection
    await connection.close()


async def make_topics(client: Client, topics: Mapping[str, str] = TOPICS) -> dict[str, str]:
    """The ids of the topics, which are given by name and description, by their names."""
    found = {}
    for name, description in topics.items():
        answer = await client.send("POST", "/api/topics", {"name": name, "description": description})
        assert answer.status == 201, answer
        found[name] = answer.body["id"]
    return found


async def becomes(client: Client, upload: Upload, status: str, *names: str) -> dict[str, Any]:
    """Waits until the document has this status and these topics, best first; all that is shown of it."""

    async def look() -> tuple[str, tuple[str, ...]]:
        body = (await client.get(upload.document_id)).body
        return body["status"], tuple(topic["name"] for topic in body["topics"])

    await eventually(look, becomes=(status, names))
    body: dict[str, Any] = (await client.get(upload.document_id)).body
    return body


async def heard(tables: asyncpg.Connection[asyncpg.Record], upload: Upload) -> asyncpg.Record | None:
    query = "SELECT * FROM classifier.documents WHERE document_id = $1"
    return await tables.fetchrow(query, UUID(upload.document_id))


async def row_of(tables: asyncpg.Connection[asyncpg.Record], upload: Upload) -> asyncpg.Record:
    row = await heard(tables, upload)
    assert row is not None
    return row


async def test_documents_are_filed_under_their_owners_topics_with_score_and_reason(api: Api) -> None:
    client = await api.user()
    await make_topics(client)
    invoice, recipe = await client.store(INVOICE, "a.md"), await client.store(RECIPE, "b.md")
    for upload, name in ((invoice, "Invoices"), (recipe, "Cooking")):
        shown = await becomes(client, upload, "classified", name)
        assert 0 < shown["topics"][0]["score"] <= 1
        assert shown["topics"][0]["reason"]


async def test_explain_tells_what_came_of_a_document(api: Api, stack: Stack) -> None:
    client = await api.user()
    await make_topics(client)
    upload = await client.store(INVOICE, "a.md")
    await becomes(client, upload, "classified", "Invoices")
    ran = await docuvault(stack, "explain", "--doc", upload.document_id)
    assert ran.code == 0, ran
    assert "classified: filed" in ran.out


async def test_a_user_without_topics_has_documents_classified_under_none_and_with_a_vector(
    api: Api, tables: asyncpg.Connection[asyncpg.Record]
) -> None:
    client = await api.user()
    upload = await client.store(INVOICE, "a.md")
    await becomes(client, upload, "classified")
    row = await row_of(tables, upload)
    assert (row["outcome"], row["turn"], row["vector"] is not None) == ("no_topics", None, True)


@pytest.mark.parametrize(
    ("data", "filename", "outcome"),
    [(b"", "empty.txt", "empty"), (b"%PDF-1.7\n" + b"\0garbage" * 50, "broken.pdf", "corrupt")],
)
async def test_what_cannot_be_read_says_why_to_a_person(
    api: Api, tables: asyncpg.Connection[asyncpg.Record], data: bytes, filename: str, outcome: str
) -> None:
    client = await api.user()
    upload = await client.store(data, filename)
    shown = await becomes(client, upload, "classification_failed")
    assert shown["reason"]
    assert (await row_of(tables, upload))["outcome"] == outcome


async def test_a_document_is_classified_again_with_todays_topics(api: Api) -> None:
    client = await api.user()
    upload = await client.store(INVOICE, "a.md")
    await becomes(client, upload, "classified")
    await make_topics(client)
    assert (await client.classify(upload.document_id)).status == 202
    await becomes(client, upload, "classified", "Invoices")


async def test_a_correction_holds_and_the_next_document_follows_it(api: Api) -> None:
    client = await api.user()
    topics = await make_topics(client, {"Red folder": "", "Blue folder": ""})
    upload = await client.store(INVOICE, "a.md")
    await eventually(lambda: client.status_of(upload), becomes="classified")
    path = f"/api/documents/{upload.document_id}/topics"
    answer = await client.send("PUT", path, {"topic_ids": [topics["Blue folder"]]})
    assert answer.status == 200, answer
    await becomes(client, upload, "classified", "Blue folder")
    follower = await client.store(INVOICE + b"\nSecond reminder.\n", "b.md")

    async def best() -> str | None:
        filed = (await client.get(follower.document_id)).body["topics"]
        return filed[0]["name"] if filed else None

    await eventually(best, becomes="Blue folder")
    await becomes(client, upload, "classified", "Blue folder")


async def test_of_who_wants_nothing_read_nothing_is(api: Api, tables: asyncpg.Connection[asyncpg.Record]) -> None:
    client = await api.user()
    settings = {"mode": "off", "threshold": 0.5, "most_topics": 3}
    answer = await client.send("PUT", "/api/auth/me/classification", settings)
    assert answer.status == 200, answer
    upload = await client.store(INVOICE, "a.md")

    async def left() -> tuple[object, object, object]:
        row = await heard(tables, upload)
        return (row["state"], row["turn"], row["outcome"]) if row else (None, None, None)

    await eventually(left, becomes=("stored", None, None))
    assert await client.status_of(upload) == "uploaded"


async def test_what_is_overwritten_ends_with_the_topics_of_the_newer_bytes(api: Api) -> None:
    client = await api.user()
    await make_topics(client)
    upload = await client.store(INVOICE, "a.md")
    assert await client.put(upload, RECIPE) == 200
    await becomes(client, upload, "classified", "Cooking")


async def test_of_what_is_deleted_nothing_is_kept(api: Api, tables: asyncpg.Connection[asyncpg.Record]) -> None:
    client = await api.user()
    await make_topics(client)
    upload = await client.store(INVOICE, "a.md")
    await becomes(client, upload, "classified", "Invoices")
    assert (await client.delete(upload.document_id)).status == 204

    async def kept() -> tuple[object, ...]:
        row = await row_of(tables, upload)
        return row["state"], row["vector"], row["topics"], row["outcome"], row["etag"]

    await eventually(kept, becomes=("deleted", None, "[]", None, None))


async def test_another_users_document_does_not_wait_for_all_of_ones(api: Api, stack: Stack) -> None:
    many, one = await api.user(), await api.user()
    uploads = await asyncio.gather(*(many.put_new(RECIPE + b"%d" % number, "a.md") for number in range(60)))
    (other,) = [await one.store(INVOICE, "b.md")]
    await becomes(one, other, "classified")
    for upload in uploads:
        await eventually(lambda upload=upload: many.status_of(upload), becomes="classified")  # type: ignore[misc]
    ended = [await told_at(many, upload) for upload in uploads]
    assert await told_at(one, other) < sorted(ended)[-10]
    await assert_clean(stack.info, 60)


async def told_at(client: Client, upload: Upload) -> datetime:
    """When the document was last changed, which is when it was classified."""
    return datetime.fromisoformat((await client.get(upload.document_id)).body["updated_at"])


async def test_a_restart_of_the_classifier_loses_nothing_that_waits(api: Api, stack: Stack) -> None:
    client = await api.user()
    uploads = await asyncio.gather(*(client.put_new(INVOICE + b"%d" % number, "a.md") for number in range(20)))
    await asyncio.to_thread(stack.supervisor.stop, "classifier-1")
    await asyncio.to_thread(stack.supervisor.start, "classifier-1")
    for upload in uploads:
        await eventually(lambda upload=upload: client.status_of(upload), becomes="classified")  # type: ignore[misc]


async def test_what_a_document_or_the_classifier_missed_an_audit_that_heals_says_again(api: Api, stack: Stack) -> None:
    client = await api.user()
    deaf, unknown, gone = [await client.store(INVOICE + b"%d" % number, "a.md") for number in range(3)]
    for upload in (deaf, unknown, gone):
        await becomes(client, upload, "classified")
    assert (await client.delete(gone.document_id)).status == 204
    await assert_clean(stack.info)
    await plant(stack, "UPDATE upload.documents SET status = 'uploaded', verdict_status = NULL, verdict_version = NULL,"
                       " verdict_at = NULL, verdict_reason = NULL WHERE id = $1", deaf)  # fmt: skip
    await plant(stack, "DELETE FROM classifier.documents WHERE document_id = $1", unknown)
    await plant(stack, "UPDATE classifier.documents SET state = 'stored', etag = 'e', version = 1"
                       " WHERE document_id = $1", gone)  # fmt: skip
    found = await heal(stack.info, wait_seconds=30, max_pending_seconds=3600)
    told = {each.holding.key: each.word for each in found.said}
    assert told == {deaf.key: Word.FILED, unknown.key: Word.PRESENT, gone.key: Word.ABSENT}
    assert found.report.clean, found.report.differences
    for upload in (deaf, unknown):
        await becomes(client, upload, "classified")


async def plant(stack: Stack, statement: str, upload: Upload) -> None:
    connection = await asyncpg.connect(stack.info.databases["postgres"])
    await connection.execute(statement, UUID(upload.document_id))
    await connection.close()
