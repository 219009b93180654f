"""GET, DELETE and classify of documents, one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import ClassificationFailed, Classified, FiledTopic, ReclassifyRequested

from tests.stack.support.api import Api, Client, Upload
from tests.stack.support.broker import Broker
from tests.stack.support.bucket import Bucket
from tests.stack.support.waiting import eventually

NOT_FOUND = {"detail": "Document not found"}
INVOICES = FiledTopic(topic_id=UUID(int=7), name="Invoices & Co", score=0.9, reason="it says so")


async def test_a_document_tells_all_the_contract_names(api: Api) -> None:
    user = await api.user()
    upload = await user.store(b"x" * 12)
    document = (await user.get(upload.document_id)).body
    named = {"id", "filename", "content_type", "size_bytes", "status", "topics", "created_at"}
    assert named <= document.keys()
    age = datetime.now(UTC) - datetime.fromisoformat(document["created_at"])
    assert 0 <= age.total_seconds() < 60
    assert (document["id"], document["size_bytes"], document["status"]) == (upload.document_id, 12, "uploaded")
    assert (await user.list()).body["items"] == [document]


async def test_nothing_that_is_secret_or_internal_is_told(api: Api) -> None:
    user = await api.user()
    upload = await user.store(b"x")
    document = (await user.get(upload.document_id)).body
    assert not {"object_key", "etag", "upload_url", "user_id"} & document.keys()


@pytest.mark.parametrize("call", [Client.get, Client.delete, Client.classify], ids=lambda call: str(call.__name__))
@pytest.mark.parametrize("document_id", [str(uuid4()), "1", "%00", "a" * 2000])
async def test_an_unknown_or_malformed_id_is_a_404(
    api: Api, call: Callable[[Client, str], object], document_id: str
) -> None:
    answer = await getattr(await api.user(), call.__name__)(document_id)
    assert (answer.status, answer.body) == (404, NOT_FOUND)


async def test_a_delete_lets_the_quota_fall_once_and_the_object_go(api: Api, bucket: Bucket) -> None:
    user = await api.user()
    upload, other = await user.store(b"x" * 700), await user.store(b"y" * 300)
    answer = await user.delete(upload.document_id)
    assert (answer.status, answer.body) == (204, None)
    assert await user.used_bytes() == 300
    await eventually(lambda: bucket.of(user.user_id), becomes={other.key})
    again = await user.delete(upload.document_id)
    assert (again.status, again.body, await user.used_bytes()) == (404, NOT_FOUND, 300)


async def test_after_a_delete_the_document_is_gone_on_every_route(api: Api) -> None:
    user = await api.user()
    upload = await user.store(b"x")
    await user.delete(upload.document_id)
    calls = (user.get, user.confirm, user.classify, user.delete)
    assert [(await call(upload.document_id)).status for call in calls] == [404] * 4
    assert (await user.list()).body["items"] == []


async def test_many_deletes_at_once_are_one(api: Api) -> None:
    user = await api.user()
    upload, _ = await user.store(b"x" * 700), await user.store(b"y" * 300)
    answers = await asyncio.gather(*(user.delete(upload.document_id) for _ in range(16)))
    assert sorted(answer.status for answer in answers) == [204, *[404] * 15]
    assert await user.used_bytes() == 300


async def test_deleting_what_was_never_put_releases_nothing(api: Api) -> None:
    user = await api.user()
    await user.store(b"y" * 300)
    pending = await user.begin()
    assert (await user.delete(pending.document_id)).status == 204
    assert await user.used_bytes() == 300


async def test_deleting_what_was_put_and_never_confirmed_leaves_no_object(api: Api, bucket: Bucket) -> None:
    user = await api.user()
    upload = await user.put_new(b"x" * 300)
    assert (await user.delete(upload.document_id)).status == 204
    await eventually(lambda: bucket.of(user.user_id), becomes=set())
    await eventually(user.used_bytes, becomes=0)


async def test_the_freed_bytes_may_be_used_at_once(api: Api) -> None:
    user = await api.user(limit_bytes=1000)
    for _ in range(3):
        upload = await user.store(b"x" * 1000)
        assert (await user.delete(upload.document_id)).status == 204


async def test_classify_is_a_202_and_says_so_to_the_classifier(api: Api, broker: Broker) -> None:
    user = await api.user()
    upload = await user.store(b"x")
    answers = [await user.classify(upload.document_id) for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 202]
    # upload.requested, upload.observed, and one wish a call
    said = await broker.events(topics.DOCUMENTS, upload.document_id, 4)
    wishes = [each.event for each in said if isinstance(each.event, ReclassifyRequested)]
    about = [(wish.document_id, wish.user_id, wish.object_key) for wish in wishes]
    assert about == [(UUID(upload.document_id), user.user_id, upload.key)] * 2
    assert len({each.id for each in said}) == 4


async def test_what_has_no_bytes_yet_is_not_classified(api: Api) -> None:
    user = await api.user()
    upload = await user.begin()
    answer = await user.classify(upload.document_id)
    assert (answer.status, list(answer.body)) == (409, ["detail"])


async def test_what_the_classifier_says_is_shown_and_found(api: Api, broker: Broker) -> None:
    user = await api.user()
    filed, failed = await user.store(b"x" * 10), await user.store(b"y" * 20)
    await user.begin()
    await broker.say(_classified(user, filed))
    await broker.say(_failed(user, failed))
    await eventually(lambda: user.status_of(filed), becomes="classified")
    await eventually(lambda: user.status_of(failed), becomes="classification_failed")
    by_query = {
        "status=classified": {filed.document_id},
        "status=classification_failed": {failed.document_id},
        "topic=Invoices%20%26%20Co": {filed.document_id},
        f"topic={INVOICES.topic_id}": {filed.document_id},
        "topic=Invoices": set(),
        "topic=Invoices%20%26%20Co&status=uploaded": set(),
    }
    assert {query: await _ids(user, query) for query in by_query} == by_query
    assert (await user.get(filed.document_id)).body["topics"][0]["name"] == "Invoices & Co"
    assert (await user.confirm(filed.document_id)).body["status"] == "uploaded"
    assert await user.used_bytes() == 30


async def _ids(user: Client, query: str) -> set[str]:
    return {item["id"] for item in (await user.list(query)).body["items"]}


def _classified(user: Client, upload: Upload) -> Message:
    now = datetime.now(UTC)
    event = Classified(
        document_id=UUID(upload.document_id),
        user_id=user.user_id,
        object_key=upload.key,
        version=1,
        topics=(INVOICES,),
        classified_at=now,
    )
    return encode(event, id=str(uuid4()), source="docuvault/classifier", time=now)


def _failed(user: Client, upload: Upload) -> Message:
    now = datetime.now(UTC)
    event = ClassificationFailed(
        document_id=UUID(upload.document_id),
        user_id=user.user_id,
        object_key=upload.key,
        version=1,
        reason="encrypted",
        failed_at=now,
    )
    return encode(event, id=str(uuid4()), source="docuvault/classifier", time=now)
