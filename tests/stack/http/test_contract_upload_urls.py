"""Declared sizes, batches of URLs, requests that are sent again, and downloads, through the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from tests.stack.support.api import Api, Client, Upload, key_in
from tests.stack.support.bucket import Bucket
from tests.stack.support.waiting import eventually

ONE = "/api/documents/upload-url"


def file(name: str = "a.pdf", **fields: object) -> dict[str, object]:
    return {"filename": name, "content_type": "application/pdf"} | fields


def upload_of(body: Mapping[str, Any]) -> Upload:
    return Upload(body["document_id"], body["upload_url"], key_in(body["upload_url"]))


async def status_of(user: Client, size: int) -> int:
    return (await user.send("POST", ONE, file(size_bytes=size))).status


async def test_what_cannot_fit_is_refused_at_once_and_fits_again_once_there_is_room(api: Api) -> None:
    user = await api.user(limit_bytes=1000)
    kept = await user.store(b"x" * 600)
    await eventually(lambda: status_of(user, 401), becomes=413)
    answer = await user.send("POST", ONE, file(size_bytes=401))
    numbers = {"used_bytes": 600, "limit_bytes": 1000, "rejected_bytes": 401, "over_by_bytes": 1}
    assert (answer.status, answer.body) == (413, {"detail": numbers})
    assert await status_of(user, 400) == 200
    await user.delete(kept.document_id)
    await eventually(lambda: status_of(user, 1000), becomes=200)
    await api.stranger("admin").set_limit(user.user_id, 10)
    await eventually(lambda: status_of(user, 11), becomes=413)


async def test_what_is_refused_early_leaves_no_document(api: Api) -> None:
    user = await api.user(limit_bytes=0)
    await eventually(lambda: refused_of(user), becomes=[0, 1])
    assert (await user.list()).body["items"] == []


async def refused_of(user: Client) -> list[int]:
    answer = await user.upload_urls(file(size_bytes=1), file(size_bytes=2))
    for each in answer.body["uploads"]:  # nobody had told of the account yet
        await user.delete(each["document_id"])
    return [each["index"] for each in answer.body["refused"]]


async def test_of_batches_that_race_for_the_last_bytes_the_ledger_takes_what_fits(api: Api, bucket: Bucket) -> None:
    user = await api.user(limit_bytes=1000)
    batch = [file(f"{number}.pdf", size_bytes=200, bound=True) for number in range(5)]
    answers = await asyncio.gather(*(user.upload_urls(*batch) for _ in range(4)))
    granted = [each for answer in answers for each in answer.body["uploads"]]
    assert (len(granted), [answer.body["refused"] for answer in answers]) == (20, [[]] * 4)
    uploads = [upload_of(each) for each in granted]
    put = (user.put(upload, b"x" * 200, each["headers"]) for upload, each in zip(uploads, granted, strict=True))
    assert await asyncio.gather(*put) == [200] * 20
    said = await asyncio.gather(*(user.confirm(upload.document_id) for upload in uploads))
    assert sorted(answer.status for answer in said) == [200] * 5 + [413] * 15
    assert await user.used_bytes() == 1000
    won = {upload.key for upload, answer in zip(uploads, said, strict=True) if answer.status == 200}
    await eventually(lambda: bucket.of(user.user_id), becomes=won)


async def test_the_same_batch_at_once_under_one_key_is_one_batch(api: Api) -> None:
    user = await api.user()
    answers = await asyncio.gather(*(user.upload_urls(file("a"), file("b"), key="the same") for _ in range(24)))
    assert {answer.status for answer in answers} == {200}
    made = {tuple(each["document_id"] for each in answer.body["uploads"]) for answer in answers}
    assert len(made) == 1
    assert {item["id"] for item in (await user.list()).body["items"]} == set(next(iter(made)))


async def test_a_batch_whose_names_are_too_long_together_is_a_413_and_makes_nothing(api: Api) -> None:
    user = await api.user()
    answer = await user.upload_urls(*(file("€" * 1000) for _ in range(100)))
    assert (answer.status, list(answer.body)) == (413, ["detail"])
    assert (await user.list()).body["items"] == []


async def test_a_document_is_downloaded_under_its_name_by_who_owns_it_alone(api: Api) -> None:
    user, stranger = await api.user(), await api.user()
    waiting, upload = await user.begin(), await user.store(b"the bytes", "Zoë.html")
    assert (await user.download(waiting.document_id)).status == 409
    assert (await stranger.download(upload.document_id)).status == 404
    answer = await user.download(upload.document_id)
    assert (answer.status, answer.headers["Cache-Control"]) == (302, "no-store")
    assert key_in(answer.headers["Location"]) == upload.key
    assert await user.at_url("GET", answer.headers["Location"]) == 200
    assert await user.at_url("PUT", answer.headers["Location"], b"x") == 403
