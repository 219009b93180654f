"""The store's own notification, with and without a confirm before and after it."""

from __future__ import annotations

import asyncio

from docuvault_contracts import topics
from docuvault_contracts.events import QuotaReserved

from deploy.local.stack import Stack
from tests.stack.support.api import Api, Client, Upload
from tests.stack.support.broker import Broker
from tests.stack.support.bucket import Bucket
from tests.stack.support.rest import assert_clean
from tests.stack.support.waiting import eventually


async def test_what_nobody_confirms_is_uploaded_by_its_notification_alone(api: Api) -> None:
    user = await api.user()
    uploads = [await user.put_new(b"x" * size) for size in (0, 1, 100)]
    await asyncio.gather(*(_becomes(user, upload, "uploaded") for upload in uploads))
    assert [(await user.get(upload.document_id)).body["size_bytes"] for upload in uploads] == [0, 1, 100]
    assert await user.used_bytes() == 101


async def test_what_nobody_confirms_and_does_not_fit_goes_by_its_notification_alone(api: Api, bucket: Bucket) -> None:
    user, nobody = await api.user(limit_bytes=99), api.stranger()
    uploads = [(each, await each.put_new(b"x" * 100)) for each in (user, nobody)]
    await asyncio.gather(*(_becomes(each, upload, 404) for each, upload in uploads))
    await asyncio.gather(*(_is_gone(bucket, upload) for _, upload in uploads))
    assert await user.used_bytes() == 0
    assert (await user.confirm(uploads[0][1].document_id)).status == 413


async def test_a_confirm_after_the_notification_answers_what_it_decided(api: Api) -> None:
    user = await api.user()
    upload = await user.put_new(b"x" * 100)
    await _becomes(user, upload, "uploaded")
    answer = await user.confirm(upload.document_id)
    assert (answer.status, answer.body["used_bytes"]) == (200, 100)


async def test_a_notification_after_the_confirm_charges_nothing(api: Api, broker: Broker, stack: Stack) -> None:
    user = await api.user()
    upload = await user.store(b"x" * 100)
    for place in await broker.notified(stack.info.bucket, upload.key):
        await broker.heard("quota", place)
    assert await user.used_bytes() == 100
    decisions = await broker.events_at_rest(topics.QUOTA, upload.document_id, 1)
    assert [type(each.event) for each in decisions] == [QuotaReserved]


async def test_an_object_that_is_removed_behind_our_back_is_released(api: Api, bucket: Bucket, stack: Stack) -> None:
    user = await api.user()
    upload, kept = await user.store(b"x" * 100), await user.store(b"y" * 50)
    await bucket.remove(upload.key)
    await eventually(user.used_bytes, becomes=50)
    await _becomes(user, upload, 404)
    assert (await user.confirm(upload.document_id)).status == 404
    assert await user.status_of(kept) == "uploaded"
    await assert_clean(stack.info)


async def _becomes(user: Client, upload: Upload, status: str | int) -> None:
    async def look() -> str | int:
        return await user.status_of(upload)

    await eventually(look, becomes=status)


async def _is_gone(bucket: Bucket, upload: Upload) -> None:
    async def look() -> bool:
        return await bucket.holds(upload.key)

    await eventually(look, becomes=False)
