"""Each way for an upload to be stuck, made for real: explain tells which it is, and FIX=1 settles what it may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from aiohttp import ClientSession, ClientTimeout
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Message

from deploy.local.stack import Stack
from deploy.ops.explain_model import Explained
from deploy.ops.explain_states import State
from deploy.ops.explain_story import Line, story_of
from tests.stack.support.api import Api, Client, Upload
from tests.stack.support.broker import open_broker
from tests.stack.support.bucket import open_bucket
from tests.stack.support.leaks import HandedOut
from tests.stack.support.provider import provided
from tests.stack.support.stuck import World
from tests.stack.support.waiting import eventually

DEAD_LETTERS = 5


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this module's own, whose rows may be spoilt; a consumer that meets a handful of poison halts."""
    settings = {"KAFKA_DEAD_LETTER_LIMIT": str(DEAD_LETTERS)}
    stack = provided(tmp_path_factory.mktemp("stack"), service_env=settings)
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


@pytest.fixture
async def world(stack: Stack) -> AsyncIterator[World]:
    info = stack.info
    database = await asyncpg.connect(info.databases["postgres"])
    async with (
        ClientSession(timeout=ClientTimeout(total=60)) as session,
        open_bucket(info) as bucket,
        open_broker(info) as broker,
    ):
        yield World(stack, info, Api(session, info, HandedOut()), bucket, broker, database)
    await database.close()


def _story(explained: Explained) -> list[Line]:
    return story_of(explained.facts)


async def test_a_settled_upload_has_a_story_in_the_order_of_causes(world: World) -> None:
    upload = await (await world.api.user(1000)).put_new(b"12345")
    await world.becomes(upload, State.SETTLED)
    explained = await world.explain(upload)
    sources = [line.source.partition("/")[0] for line in _story(explained)]
    causes = ["upload", "store", "storage.events", "ledger", "quota", "upload"]
    assert [each for each in sources if each in causes] == causes
    assert sources.count("documents") == 1
    assert "5 of 1,000 bytes in use" in next(line.what for line in _story(explained) if line.source == "ledger")
    assert explained.verdict.command is None


async def test_an_open_url_waits_for_the_client(world: World) -> None:
    upload = await (await world.api.user()).begin()
    assert await world.state(upload) is State.URL_OPEN


async def test_a_dead_url_waits_for_the_sweep_and_a_sweep_that_does_not_come_is_late(world: World) -> None:
    upload = await (await world.api.user()).begin()
    await world.known(upload)
    await world.expire(upload)
    assert await world.state(upload) is State.URL_DEAD
    async with world.frozen("janitor-1"):
        await world.sql(
            "UPDATE janitor.objects SET look_at = now() - interval '1 hour' WHERE object_key = $1", upload.key
        )
        await world.sql("UPDATE janitor.jobs SET due_at = now() - interval '1 hour' WHERE name = 'sweep'")
        late = await world.explain(upload)
    assert (late.verdict.state, late.verdict.command) == (State.SWEEP_LATE, "docuvault sweep")
    await world.becomes(upload, State.SETTLED)


async def test_a_lost_notification_is_told_and_settled(world: World) -> None:
    client = await world.api.user(1000)
    upload = await client.begin()
    await world.unnoticed(client, upload, b"12345")
    assert await world.state(upload) is State.UNDECIDED
    fixed = await world.fixed(upload)
    assert fixed.said is not None
    assert fixed.said.startswith("object.observed")
    assert fixed.explained.verdict.state is State.SETTLED
    assert await client.used_bytes() == 5


async def test_bytes_of_seconds_ago_are_under_way_and_not_lost(world: World) -> None:
    client = await world.api.user()
    upload = await client.begin()
    async with world.bucket.silent():
        await client.put(upload, b"12345")
    (found,) = await world.explainer(young=30).explain([upload.key])
    assert found.verdict.state is State.UNDER_WAY


async def test_a_url_that_was_used_again_unnoticed_is_told_and_settled(world: World) -> None:
    client = await world.api.user(1000)
    upload = await world.settled(client)
    await world.unnoticed(client, upload, b"1234567")
    assert await world.state(upload) is State.OTHER_BYTES
    assert (await world.fixed(upload)).explained.verdict.state is State.SETTLED
    assert await client.used_bytes() == 7


async def test_a_document_that_missed_its_decision_hears_it_again(world: World) -> None:
    client = await world.api.user()
    upload = await world.settled(client)
    await world.sql(
        "UPDATE upload.documents SET status = 'pending', version = 0, ruling = NULL, etag = NULL, size_bytes = 0 "
        "WHERE id = $1::uuid",
        upload.document_id,
    )
    assert await world.state(upload) is State.DECISION_UNHEARD
    assert (await world.fixed(upload)).explained.verdict.state is State.SETTLED
    assert await client.status_of(upload) == "uploaded"


async def test_a_deletion_that_nobody_heard_is_said_again(world: World) -> None:
    client = await world.api.user()
    upload = await world.settled(client)
    await world.sql(
        "UPDATE upload.documents SET status = 'deleted', reason = 'document_deleted', etag = NULL, size_bytes = 0 "
        "WHERE id = $1::uuid",
        upload.document_id,
    )
    assert await world.state(upload) is State.DELETION_UNHEARD
    fixed = await world.fixed(upload)
    assert fixed.explained.verdict.state is State.SETTLED
    assert await client.used_bytes() == 0
    assert not await world.bucket.holds(upload.key)


async def test_a_request_that_the_janitor_missed_is_said_again(world: World) -> None:
    upload = await (await world.api.user()).begin()
    await world.known(upload)
    await world.expire(upload)
    await world.sql("DELETE FROM janitor.objects WHERE object_key = $1", upload.key)
    assert await world.state(upload) is State.REQUEST_UNHEARD
    fixed = await world.fixed(upload)
    assert fixed.said is not None
    assert fixed.explained.verdict.state in {State.URL_DEAD, State.SETTLED}


async def test_an_abandonment_that_the_document_missed_is_reminded_of(world: World) -> None:
    upload = await (await world.api.user()).begin()
    await world.known(upload)
    await world.expire(upload)
    await world.sql(
        "UPDATE janitor.objects SET abandoned_at = now() - interval '1 hour', look_at = NULL WHERE object_key = $1",
        upload.key,
    )
    assert await world.state(upload) is State.ABANDONMENT_UNHEARD
    fixed = await world.fixed(upload)
    assert fixed.said is not None
    assert fixed.explained.verdict.state in {State.URL_DEAD, State.SETTLED}


async def refused(world: World) -> tuple[Client, Upload]:
    client = await world.api.user(3)
    upload = await client.put_new(b"12345")
    assert (await client.confirm(upload.document_id)).status == 413
    await world.becomes(upload, State.OVER_QUOTA)
    return client, upload


async def test_a_refusal_tells_its_numbers(world: World) -> None:
    _, upload = await refused(world)
    assert "5 bytes did not fit, with 0 of 3 bytes in use" in (await world.explain(upload)).verdict.what
    assert (await world.fixed(upload)).refused is not None


async def test_what_the_janitor_was_told_to_remove_and_did_not_goes(world: World) -> None:
    client, upload = await refused(world)
    await world.unnoticed(client, upload, b"12345")
    await world.sql(
        "UPDATE quota.reservations SET observed_ns = (extract(epoch FROM now()) * 1e9)::bigint WHERE object_key = $1",
        upload.key,
    )
    await world.sql("UPDATE janitor.objects SET state = 'remove', removed_at = NULL WHERE object_key = $1", upload.key)
    assert await world.state(upload) is State.NOT_REMOVED
    assert (await world.fixed(upload)).explained.verdict.state is State.OVER_QUOTA
    assert not await world.bucket.holds(upload.key)


async def test_what_the_janitor_was_never_told_to_remove_goes(world: World) -> None:
    client, upload = await refused(world)
    await world.unnoticed(client, upload, b"1234567")
    assert await world.state(upload) is State.ORDER_LOST
    assert (await world.fixed(upload)).explained.verdict.state is State.OVER_QUOTA
    assert not await world.bucket.holds(upload.key)


async def test_bytes_of_an_object_that_is_gone_are_given_back(world: World) -> None:
    client = await world.api.user()
    upload = await world.settled(client)
    await world.settled(client)
    async with world.bucket.silent():
        await world.bucket.remove(upload.key)
    await asyncio.sleep(1)  # the store's clock is told in whole seconds, rounded down
    assert await world.state(upload) is State.OBJECT_MISSING
    fixed = await world.fixed(upload)
    assert (fixed.explained.verdict.state, await client.used_bytes()) == (State.SETTLED, 5)


async def test_an_object_without_a_document_is_left_to_a_person(world: World) -> None:
    upload = await world.settled(await world.api.user())
    await world.sql("DELETE FROM upload.documents WHERE id = $1::uuid", upload.document_id)
    verdict = (await world.explain(upload)).verdict
    assert verdict.state is State.NO_DOCUMENT
    assert "docuvault recover" in str(verdict.command)
    assert (await world.fixed(upload)).refused is not None


async def test_a_user_without_an_account_is_told_and_nothing_is_decided(world: World) -> None:
    client = world.api.stranger()
    upload = await client.begin()
    assert await world.state(upload) is State.ACCOUNT_MISSING
    await world.unnoticed(client, upload, b"12345")
    verdict = (await world.explain(upload)).verdict
    assert (verdict.state, verdict.command) == (State.ACCOUNT_MISSING, f"make -s token USER={client.user_id}")
    assert (await world.fixed(upload)).refused is not None


async def test_a_drifted_total_is_told(world: World) -> None:
    client = await world.api.user()
    upload = await world.settled(client)
    await world.sql("UPDATE quota.accounts SET used_bytes = 6 WHERE user_id = $1", client.user_id)
    verdict = (await world.explain(upload)).verdict
    assert (verdict.state, verdict.command) == (State.DRIFT, "docuvault audit --fix")
    await world.sql("UPDATE quota.accounts SET used_bytes = 5 WHERE user_id = $1", client.user_id)


async def test_a_ledger_that_forgot_a_key_is_told(world: World) -> None:
    upload = await world.settled(await world.api.user())
    await world.sql("DELETE FROM quota.reservations WHERE object_key = $1", upload.key)
    assert await world.state(upload) is State.LEDGER_BEHIND
    assert (await world.fixed(upload)).refused is not None


async def test_a_store_that_holds_older_bytes_is_told(world: World) -> None:
    upload = await world.settled(await world.api.user())
    await world.sql(
        "UPDATE quota.reservations SET etag = 'f', observed_ns = observed_ns + 1000000000000 WHERE object_key = $1",
        upload.key,
    )
    assert await world.state(upload) is State.OLDER_BYTES


async def test_two_rows_that_disagree_at_one_version_are_told(world: World) -> None:
    upload = await world.settled(await world.api.user())
    await world.sql("UPDATE upload.documents SET size_bytes = 4 WHERE id = $1::uuid", upload.document_id)
    assert await world.state(upload) is State.CONFLICT


async def test_an_event_that_has_not_left_the_outbox_is_told(world: World) -> None:
    client = await world.api.user()
    upload = await client.begin()
    async with world.stopped("upload-1"):
        await world.sql(
            "INSERT INTO upload.outbox (topic, key, value, headers) "
            """VALUES ('documents', convert_to($1, 'UTF8'), '{}', '[["ce_type", "upload.requested"]]')""",
            upload.document_id,
        )
        verdict = (await world.explain(upload)).verdict
        await world.sql("DELETE FROM upload.outbox")
    assert (verdict.state, verdict.command) == (State.OUTBOX, "make logs SERVICE=upload")


async def test_a_service_that_is_down_is_told_and_settles_when_it_is_back(world: World) -> None:
    client = await world.api.user()
    upload = await client.begin()
    async with world.stopped("quota-1"):
        await client.put(upload, b"12345")
        await world.becomes(upload, State.SERVICE_DOWN)
        verdict = (await world.explain(upload)).verdict
        assert "no process reads for it" in verdict.what
        assert (await world.fixed(upload)).refused is not None
    await world.becomes(upload, State.SETTLED)


async def test_what_waits_in_line_is_told_and_how_many_go_before_it(world: World) -> None:
    client = await world.api.user()
    upload = await client.begin()
    async with world.frozen("quota-1"):
        await client.put(upload, b"12345")
        await world.broker.notified(world.bucket.name, upload.key)
        waiting, unread = await world.explain(upload), await world.explain(upload, seconds=0)
    assert waiting.verdict.state is State.IN_LINE
    assert "records go before it" in waiting.verdict.what
    assert unread.verdict.state is State.NOT_READ
    await world.becomes(upload, State.SETTLED)


async def test_a_dead_letter_about_an_upload_is_told_and_what_it_left_open_is_settled(world: World) -> None:
    client = await world.api.user()
    upload = await client.begin()
    await world.unnoticed(client, upload, b"12345")
    place = await world.broker.notify(world.bucket.name, upload.key, b'{"no": "notification"}')
    await world.broker.heard("quota", place)
    explained = await world.explain(upload)
    assert explained.verdict.state is State.DEAD_LETTER
    assert f"storage.events/{place.partition.partition}/{place.offset}" in explained.verdict.what
    assert (await world.fixed(upload)).explained.verdict.state is State.SETTLED


async def test_a_foreign_key_is_told_and_left_alone(world: World) -> None:
    key = "backup/of \u202e everything.txt"
    await world.bucket.put(key, b"123")
    (found,) = await world.explainer().explain([key])
    assert found.verdict.state is State.FOREIGN_KEY
    assert found.verdict.push is None
    await world.bucket.remove(key)


async def test_what_waits_of_a_users_documents_is_one_line_each(world: World) -> None:
    client = await world.api.user(1000)
    await world.settled(client)
    lost, pending = await client.begin(), await client.begin()
    await world.unnoticed(client, lost, b"12345")
    user = await world.explainer().user(client.user_id)
    assert user.account is not None
    assert (user.account.used_bytes, user.account.limit_bytes, user.documented_bytes) == (5, 1000, 5)
    assert user.counts == {"pending": 2, "uploaded": 1}
    assert {(each.facts.key, each.verdict.state) for each in user.waiting} == {
        (lost.key, State.UNDECIDED),
        (pending.key, State.URL_OPEN),
    }


async def test_records_about_a_key_beyond_what_is_kept_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.ops.explain_records.KEPT", 2)
    upload = await world.settled(await world.api.user())
    kafka = (await world.explain(upload)).facts.kafka
    assert kafka is not None
    assert (len(kafka.heard), kafka.left_out > 0) == (2, True)


@pytest.mark.embedded("explain asks services on ports of their own, which containers do not publish")
async def test_a_halted_consumer_is_told(world: World) -> None:
    client = await world.api.user()
    upload = await client.begin()
    await world.unnoticed(client, upload, b"12345")
    poison = Message(topics.USERS.name, b"poison", b"{", (("ce_type", b"user.registered"),))

    async def state_after_more() -> State:
        await world.broker.say(poison)
        return await world.state(upload)

    await eventually(state_after_more, becomes=State.HALTED)
    assert (await world.explain(upload)).verdict.command is not None
    assert (await world.fixed(upload)).refused is not None
