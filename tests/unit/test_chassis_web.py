"""The HTTP chassis on a real socket: who may do what, and one shape for all that goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from tests.unit.web_example import ADMIN, BEARER, USER, detail_of, running


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with running() as session:
        yield session


async def test_a_caller_with_a_good_token_is_known(client: ClientSession) -> None:
    response = await client.get("/who", headers=BEARER)
    assert (response.status, response.headers["X-More"]) == (201, "yes")
    assert (await response.json())["user_id"] == str(USER)


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Bearer garbage", "Basic dXNlcjpwYXNz", "garbage", f"Bearer {'x' * 20_000}"]
)
async def test_without_a_good_token_it_is_401_and_says_which_scheme(client: ClientSession, value: str) -> None:
    response = await client.get("/who", headers={"Authorization": value})
    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert isinstance(await detail_of(response), str)


async def test_two_tokens_are_none(client: ClientSession) -> None:
    pairs = [*BEARER.items(), *ADMIN.items()]
    assert (await client.get("/who", headers=pairs)).status == 401


async def test_the_scheme_is_known_in_any_case(client: ClientSession) -> None:
    value = BEARER["Authorization"].replace("Bearer", "bearer ")
    assert (await client.get("/who", headers={"Authorization": value})).status == 201


async def test_a_role_opens_what_others_may_not(client: ClientSession) -> None:
    refused = await client.get("/admin", headers=BEARER)
    assert refused.status == 403
    assert "admin" in await detail_of(refused)
    assert (await client.get("/admin", headers=ADMIN)).status == 200


async def test_what_no_route_serves_is_404_with_or_without_a_token(client: ClientSession) -> None:
    for headers in ({}, BEARER):
        response = await client.get("/nothing?secret=1", headers=headers)
        assert (response.status, await detail_of(response)) == (404, "Not Found")


async def test_another_method_is_405_and_names_those_there_are(client: ClientSession) -> None:
    response = await client.get("/files/1", headers=BEARER)
    assert (response.status, response.headers["Allow"]) == (405, "DELETE,POST")
    assert await detail_of(response) == "Method Not Allowed"


@pytest.mark.parametrize("method", ["DELETE", "POST", "OPTIONS", "GET"])
async def test_a_path_that_is_written_out_is_no_id_of_another_route(client: ClientSession, method: str) -> None:
    for headers in ({}, ADMIN):
        response = await client.request(method, "/files/many", headers=headers)
        assert (response.status, response.headers["Allow"]) == (405, "PUT")
        assert await detail_of(response) == "Method Not Allowed"
    assert (await client.put("/files/many", headers=BEARER)).status == 201


async def test_what_only_begins_like_a_path_that_is_written_out_is_an_id(client: ClientSession) -> None:
    assert (await client.delete("/files/many.", headers=ADMIN)).status == 200
    assert (await client.delete("/files/%6dany", headers=ADMIN)).status == 405


async def test_a_bug_is_500_told_to_the_log_only_and_once(client: ClientSession) -> None:
    with capture_logs() as lines:
        response = await client.get("/bug", headers={**BEARER, "X-Request-Id": "abc"})
    assert (response.status, await detail_of(response)) == (500, "Internal Server Error")
    failed = [line for line in lines if line["event"] == "http.failed"]
    assert len(failed) == 1
    assert failed[0]["exc_info"] is True
    assert (await client.get("/who", headers=BEARER)).status == 201


async def test_trouble_that_may_pass_is_503_and_says_when_to_try_again(client: ClientSession) -> None:
    response = await client.get("/away", headers=BEARER)
    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert "kafka" not in await detail_of(response)


async def test_a_request_that_takes_too_long_is_503(client: ClientSession) -> None:
    response = await client.get("/slow", headers=BEARER)
    assert (response.status, response.headers["Retry-After"]) == (503, "1")


async def test_a_route_may_take_its_own_time(client: ClientSession) -> None:
    assert (await client.get("/patient", headers=BEARER)).status == 200
    assert (await client.get("/endless", headers=BEARER)).status == 200
