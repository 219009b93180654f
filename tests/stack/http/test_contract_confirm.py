"""POST /api/documents/{id}/confirm: 200, 413, 422, 404, 202, each as the contract words it."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from deploy.local.stack import Stack
from tests.stack.support.api import Answer, Api
from tests.stack.support.bucket import Bucket
from tests.stack.support.waiting import eventually

NOT_FOUND = (404, {"detail": "Document not found"})
NOT_UPLOADED = (422, {"detail": "Upload not found — presigned URL may have expired"})


def said(answer: Answer) -> tuple[int, object]:
    return answer.status, answer.body


async def test_what_fits_is_uploaded_with_the_stores_own_size(api: Api) -> None:
    user = await api.user(limit_bytes=1000)
    upload = await user.put_new(b"x" * 400)
    answer = await user.call(
        "POST", f"/api/documents/{upload.document_id}/confirm", data=b'{"size_bytes": 1, "status": "classified"}'
    )
    assert said(answer) == (
        200,
        {"id": upload.document_id, "size_bytes": 400, "used_bytes": 400, "status": "uploaded"},
    )
    assert (await user.quota()).body == {"used_bytes": 400, "limit_bytes": 1000}
    document = (await user.get(upload.document_id)).body
    assert (document["status"], document["size_bytes"]) == ("uploaded", 400)


async def test_the_last_byte_fits_and_one_more_does_not(api: Api) -> None:
    user = await api.user(limit_bytes=1000)
    await user.store(b"x" * 999)
    one, more = await user.put_new(b"x"), await user.put_new(b"y")
    assert (await user.confirm(one.document_id)).body["used_bytes"] == 1000
    refused = {"detail": {"used_bytes": 1000, "limit_bytes": 1000, "rejected_bytes": 1, "over_by_bytes": 1}}
    assert said(await user.confirm(more.document_id)) == (413, refused)


async def test_what_does_not_fit_is_refused_and_leaves_nothing(api: Api, bucket: Bucket) -> None:
    user = await api.user(limit_bytes=1000)
    await user.store(b"x" * 600)
    upload = await user.put_new(b"y" * 401)
    refused = (413, {"detail": {"used_bytes": 600, "limit_bytes": 1000, "rejected_bytes": 401, "over_by_bytes": 1}})
    assert said(await user.confirm(upload.document_id)) == refused
    assert said(await user.get(upload.document_id)) == NOT_FOUND
    assert upload.document_id not in {item["id"] for item in (await user.list()).body["items"]}
    await eventually(lambda: bucket.holds(upload.key), becomes=False)
    assert said(await user.confirm(upload.document_id)) == refused
    assert await user.used_bytes() == 600


async def test_confirming_again_answers_the_same_and_charges_nothing(api: Api) -> None:
    user = await api.user()
    upload = await user.store(b"x" * 300)
    await user.store(b"y" * 50)
    again = [said(await user.confirm(upload.document_id)) for _ in range(3)]
    body = {"id": upload.document_id, "size_bytes": 300, "used_bytes": 300, "status": "uploaded"}
    assert again == [(200, body)] * 3
    assert await user.used_bytes() == 350


async def test_an_upload_of_no_bytes_is_an_upload(api: Api) -> None:
    user = await api.user()
    upload = await user.store(b"")
    assert said(await user.confirm(upload.document_id)) == (
        200,
        {"id": upload.document_id, "size_bytes": 0, "used_bytes": 0, "status": "uploaded"},
    )


async def test_without_an_object_it_is_a_422_and_the_document_stays_pending(api: Api) -> None:
    user = await api.user()
    upload = await user.begin()
    assert said(await user.confirm(upload.document_id)) == NOT_UPLOADED
    assert await user.status_of(upload) == "pending"
    assert await user.put(upload, b"late") == 200
    assert (await user.confirm(upload.document_id)).status == 200


@pytest.mark.parametrize(
    "document_id",
    [str(uuid4()), "1", "None", "upload-url", "%00", "'or'1'='1", "%F0%9F%92%A9", "a" * 2000, "0" * 32],
    ids=lambda text: text[:10],
)
async def test_an_unknown_or_malformed_id_is_a_404(api: Api, document_id: str) -> None:
    assert said(await (await api.user()).confirm(document_id)) == NOT_FOUND


async def test_a_user_without_a_quota_is_refused_like_a_full_one(api: Api, bucket: Bucket) -> None:
    nobody = api.stranger()
    upload = await nobody.put_new(b"x" * 10)
    refused = {"detail": {"used_bytes": 0, "limit_bytes": 0, "rejected_bytes": 10, "over_by_bytes": 10}}
    assert said(await nobody.confirm(upload.document_id)) == (413, refused)
    await eventually(lambda: bucket.holds(upload.key), becomes=False)


async def test_a_quota_of_zero_refuses_every_byte_and_takes_an_empty_file(api: Api) -> None:
    user = await api.user(limit_bytes=0)
    refused, empty = await user.put_new(b"x"), await user.put_new(b"")
    answer = await user.confirm(refused.document_id)
    assert said(answer) == (
        413,
        {"detail": {"used_bytes": 0, "limit_bytes": 0, "rejected_bytes": 1, "over_by_bytes": 1}},
    )
    assert (await user.confirm(empty.document_id)).status == 200


async def test_undecided_when_the_wait_ends_is_a_202_and_a_delete_ends_the_wait(api: Api, stack: Stack) -> None:
    user = await api.user()
    kept, dropped = await user.put_new(b"x" * 70), await user.put_new(b"y" * 30)
    ledger = await asyncpg.connect(stack.info.databases["postgres"])
    try:
        async with ledger.transaction():  # the ledger decides nothing of this user while we hold the account
            await ledger.fetch("SELECT 1 FROM quota.accounts WHERE user_id = $1 FOR UPDATE", user.user_id)
            waiting = asyncio.gather(user.confirm(kept.document_id), user.confirm(dropped.document_id))
            await asyncio.sleep(0.5)  # the confirm of what is deleted now should be waiting by then; it need not
            assert (await user.delete(dropped.document_id)).status == 204
            undecided, gone = await waiting
    finally:
        await ledger.close()
    assert undecided.status == 202
    assert int(undecided.headers["Retry-After"]) >= 1
    assert said(gone) == NOT_FOUND
    assert (await user.confirm(kept.document_id)).body["used_bytes"] in {70, 100}  # before or after the delete
    await eventually(user.used_bytes, becomes=70)
