"""Limits by caller: the bucket's rule, and what a request is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession, web
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.auth import TokenVerifier, create_access_token
from services.chassis.rate_limit import Bucket, Buckets, Rate, take
from services.chassis.web import RateLimit, json_response, listening, make_app
from tests.unit.web_example import HTTP, TOKENS, detail_of

RATE = Rate(per_second=2, burst=10)
COSTS = st.lists(st.tuples(st.integers(1, 15), st.floats(0, 3)), max_size=60)


def test_a_bucket_is_full_at_first_and_empty_after_its_burst() -> None:
    bucket, wait = take(RATE, None, 10, now=0)
    assert (bucket, wait) == (Bucket(0, 0), 0)
    assert take(RATE, bucket, 3, now=0) == (bucket, 1.5)


def test_what_is_waited_for_is_there_then_and_not_before() -> None:
    bucket = Bucket(0, 100)
    assert take(RATE, bucket, 3, now=101.4)[1] > 0
    assert take(RATE, bucket, 3, now=101.5) == (Bucket(0, 101.5), 0)


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    assert take(RATE, Bucket(5, 0), 10, now=10**6) == (Bucket(0, 10**6), 0)


def test_who_asks_for_more_than_there_ever_is_pays_with_all_of_it() -> None:
    assert take(RATE, None, 1000, now=0) == (Bucket(0, 0), 0)
    assert take(RATE, Bucket(0, 0), 1000, now=0)[1] == 5


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    assert take(RATE, Bucket(4, 100), 4, now=50) == (Bucket(0, 50), 0)


@given(COSTS)
def test_no_more_is_given_than_the_burst_and_what_flowed_in(asked: list[tuple[int, float]]) -> None:
    bucket, now, given_out = None, 0.0, 0
    for cost, pause in asked:
        now += pause
        bucket, wait = take(RATE, bucket, cost, now)
        given_out += 0 if wait else min(cost, RATE.burst)
        assert given_out <= RATE.burst + RATE.per_second * now + 1e-6
        assert 0 <= bucket.tokens <= RATE.burst


@given(COSTS)
def test_who_waits_as_long_as_told_is_never_refused(asked: list[tuple[int, float]]) -> None:
    bucket, now = None, 0.0
    for cost, pause in asked:
        now += pause
        bucket, wait = take(RATE, bucket, cost, now)
        if wait:
            now += wait + 1e-6
            bucket, wait = take(RATE, bucket, cost, now)
        assert wait == 0


def test_callers_do_not_share_and_only_so_many_are_remembered() -> None:
    buckets, first, second = Buckets(RATE, most=2), uuid4(), uuid4()
    assert buckets.take(first, 10, now=0) == 0
    assert buckets.take(second, 10, now=0) == 0
    assert buckets.take(first, 1, now=0) == 0.5
    for _ in range(5):
        buckets.take(uuid4(), 1, now=0)
    assert len(buckets) == 2


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def limited(clock: Clock) -> AsyncIterator[ClientSession]:
    limit = RateLimit("things", Rate(per_second=0.5, burst=3), clock)

    async def one(request: web.Request) -> web.Response:
        limit.take(request, int(request.query.get("cost", "1")))
        return json_response({})

    def setup(app: web.Application) -> None:
        app.router.add_get("/one", one)

    app = make_app(HTTP, TokenVerifier(TOKENS), ready={}, setup=setup)
    async with listening(app, HTTP) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session


def bearer(user: UUID) -> dict[str, str]:
    return {"Authorization": f"Bearer {create_access_token(user, 'user', TOKENS)}"}


async def test_too_much_is_a_429_that_says_when_and_is_over_then() -> None:
    clock, user = Clock(), uuid4()
    async with limited(clock) as session:
        for _ in range(3):
            assert (await session.get("/one", headers=bearer(user))).status == 200
        refused = await session.get("/one", headers=bearer(user))
        assert (refused.status, refused.headers["Retry-After"]) == (429, "2")
        assert await detail_of(refused) == "Too many things asked for, try again in 2 s"
        assert (await session.get("/one", headers=bearer(uuid4()))).status == 200
        clock.now += 2
        assert (await session.get("/one", headers=bearer(user))).status == 200
        metrics = await (await session.get("/metrics")).text()
    assert 'docuvault_http_rate_limited_total{limit="things"} 1.0' in metrics


@pytest.mark.parametrize("cost", ["3", "1000"])
async def test_a_batch_is_had_whole_or_not_at_all(cost: str) -> None:
    clock, user = Clock(), uuid4()
    async with limited(clock) as session:
        assert (await session.get("/one", headers=bearer(user))).status == 200
        refused = await session.get("/one", params={"cost": cost}, headers=bearer(user))
        assert (refused.status, refused.headers["Retry-After"]) == (429, "2")
        assert (await session.get("/one", params={"cost": "2"}, headers=bearer(user))).status == 200


async def test_another_token_of_the_same_caller_is_the_same_caller() -> None:
    clock, user = Clock(), uuid4()
    async with limited(clock) as session:
        for _ in range(3):
            await session.get("/one", headers=bearer(user))
        admin = {"Authorization": f"Bearer {create_access_token(user, 'admin', TOKENS)}"}
        assert (await session.get("/one", headers=admin)).status == 429


async def test_who_has_no_token_is_not_counted_but_refused() -> None:
    async with limited(Clock()) as session:
        for _ in range(5):
            assert (await session.get("/one")).status == 401
