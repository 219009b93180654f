"""Confirms that race for the last bytes, three processes of each service.

A request waits on one of them, its decision is made on another, and the event that tells of it reaches a third.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.stack.support import streaming
from tests.stack.support.api import Api
from tests.stack.support.bucket import Bucket
from tests.stack.support.provider import log_of
from tests.stack.support.racing import Race, check, confirm_one_many_times, refuse_one_many_times, run
from tests.stack.support.rest import assert_clean

RACES = (Race(2, 1), Race(40, 13), Race(64, 31), Race(64, 1))


@pytest.fixture(scope="module", autouse=True)
def _three_of_each(stack: Stack) -> Iterator[None]:
    before = stack.settings.replicas
    stack.up(replicas=3)
    yield
    stack.up(replicas=before)


async def test_the_gateway_uses_all_of_them(api: Api, stack: Stack) -> None:
    assert {f"{service}-3" for service in ("upload", "quota", "janitor")} <= stack.status().keys()
    user = await api.user()
    await asyncio.gather(*(user.list() for _ in range(30)))
    logs = [log_of(stack, f"upload-{number}") for number in (1, 2, 3)]
    assert all(str(user.user_id) in log for log in logs)


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


async def test_requests_under_one_key_make_their_documents_once_on_whichever_replica(api: Api) -> None:
    user = await api.user()
    files = [{"filename": name, "content_type": "text/plain"} for name in "abc"]
    for key in ("one", "two", "three"):
        answers = await asyncio.gather(*(user.upload_urls(*files, key=key) for _ in range(16)))
        assert {answer.status for answer in answers} == {200}
        assert len({tuple(each["document_id"] for each in answer.body["uploads"]) for answer in answers}) == 1
    assert len((await user.list()).body["items"]) == 9


async def test_a_confirm_wakes_at_once_wherever_the_decision_arrives(api: Api) -> None:
    """Were it only the waiters' own poll that found the decision, half a second each would pass."""
    user = await api.user()
    loop = asyncio.get_running_loop()
    took = []
    for number in range(12):
        upload = await user.put_new(b"x" * number)
        began = loop.time()
        assert (await user.confirm(upload.document_id)).status == 200
        took.append(loop.time() - began)
    assert sorted(took)[6] < 0.45, took


async def test_every_stream_of_five_hundred_is_told_what_became_of_uploads_that_raced_under_them(
    api: Api, stack: Stack
) -> None:
    async with streaming.open_readers(api, stack.info.gateway_url, users=50, streams_of_user=10) as readers:
        fates = await asyncio.gather(*map(streaming.upload_all, readers))
        await assert_clean(stack.info, 60)
        counts = [await streaming.check(*each) for each in zip(readers, fates, strict=True)]
    total = sum(counts, Counter())
    assert total.total() == 200
    assert min(total["kept"], total["deleted"], total["rejected"]) > 0, total
