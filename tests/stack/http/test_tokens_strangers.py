"""Another user's document is no document, and another role is no administrator."""

from __future__ import annotations

import asyncio

from tests.stack.support.api import Api
from tests.stack.support.bucket import Bucket
from tests.stack.support.routes import ADMIN_ROUTES, DOCUMENT_ROUTES


async def test_anothers_document_is_a_404_on_every_route_and_stays_as_it_is(api: Api, bucket: Bucket) -> None:
    owner, stranger, admin = await api.user(), await api.user(), api.stranger("admin")
    stored, put, pending = await owner.store(b"x" * 100), await owner.put_new(b"y" * 10), await owner.begin()
    before = (await owner.get(stored.document_id)).body
    calls = [
        caller.call(route.method, route.path.format(document=upload.document_id), data=route.body)
        for caller in (stranger, admin)
        for upload in (stored, put, pending)
        for route in DOCUMENT_ROUTES
    ]
    answers = await asyncio.gather(*calls)
    assert [(answer.status, answer.body) for answer in answers] == [(404, {"detail": "Document not found"})] * len(
        calls
    )
    assert (await owner.get(stored.document_id)).body == before
    assert await owner.status_of(pending) == "pending"
    assert {stored.key, put.key} <= await bucket.of(owner.user_id)
    assert (await owner.confirm(put.document_id)).body["used_bytes"] == 110
    assert await stranger.used_bytes() == 0


async def test_anothers_document_is_in_no_list(api: Api) -> None:
    owner, stranger = await api.user(), await api.user()
    await owner.store(b"x")
    assert (await stranger.list()).body["items"] == []


async def test_an_unknown_document_and_anothers_are_told_alike(api: Api) -> None:
    owner, stranger = await api.user(), await api.user()
    upload = await owner.store(b"x")
    theirs = await stranger.get(upload.document_id)
    nobodys = await stranger.get(str(stranger.user_id))
    assert (theirs.status, theirs.body, theirs.headers.keys()) == (nobodys.status, nobodys.body, nobodys.headers.keys())


async def test_a_user_is_no_administrator_not_even_of_the_own_account(api: Api) -> None:
    user = await api.user(limit_bytes=500)
    answers = [
        await user.call(route.method, route.path.format(user=user.user_id), data=route.body) for route in ADMIN_ROUTES
    ]
    assert [(answer.status, list(answer.body)) for answer in answers] == [(403, ["detail"])] * 2
    assert (await user.quota()).body == {"used_bytes": 0, "limit_bytes": 500}
