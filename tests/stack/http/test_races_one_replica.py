"""Confirms that race for the last bytes, one process of each service."""

from __future__ import annotations

import asyncio

import pytest

from tests.stack.support.api import Api
from tests.stack.support.bucket import Bucket
from tests.stack.support.racing import Race, check, confirm_one_many_times, refuse_one_many_times, run
from tests.stack.support.waiting import eventually

RACES = (Race(2, 1), Race(2, 1, size_bytes=1), Race(40, 13), Race(64, 1), Race(64, 31), Race(64, 63))


@pytest.mark.parametrize("race", RACES, ids=str)
async def test_exactly_as_many_win_as_fit(api: Api, bucket: Bucket, race: Race) -> None:
    await check(await run(api, race), bucket)


async def test_races_of_many_users_do_not_disturb_each_other(api: Api, bucket: Bucket) -> None:
    outcomes = await asyncio.gather(*(run(api, Race(8, fits)) for fits in range(9)))
    await asyncio.gather(*(check(outcome, bucket) for outcome in outcomes))


async def test_many_confirms_of_one_document_are_one(api: Api) -> None:
    await confirm_one_many_times(api, 64)


async def test_many_confirms_of_what_does_not_fit_are_one_refusal(api: Api, bucket: Bucket) -> None:
    await refuse_one_many_times(api, bucket, 64)


async def test_confirms_and_deletes_that_race_leave_what_was_not_deleted(api: Api, bucket: Bucket) -> None:
    user = await api.user()
    uploads = await asyncio.gather(*(user.put_new(b"x" * 100) for _ in range(24)))
    doomed, kept = uploads[:12], uploads[12:]
    deletes = [user.delete(upload.document_id) for upload in doomed]
    confirms = [user.confirm(upload.document_id) for upload in uploads]
    answers = await asyncio.gather(*deletes, *confirms)
    assert [answer.status for answer in answers[:12]] == [204] * 12
    assert {answer.status for answer in answers[12:24]} <= {200, 404}
    assert [answer.status for answer in answers[24:]] == [200] * 12
    await eventually(user.used_bytes, becomes=1200)
    await eventually(lambda: bucket.of(user.user_id), becomes={upload.key for upload in kept})
