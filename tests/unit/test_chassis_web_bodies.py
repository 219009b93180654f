"""What clients send: what does not fit is named, what is too much is not even read."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from tests.unit.web_example import BEARER, detail_of, running


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with running() as session:
        yield session


async def test_a_body_beyond_the_limit_is_413(client: ClientSession) -> None:
    response = await client.post("/files/1", headers=BEARER, data=b"x" * 1001)
    assert response.status == 413
    assert await detail_of(response)


async def test_a_body_that_unpacks_beyond_the_limit_is_413_too(client: ClientSession) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)[:20_000]
    response = await client.post("/files/1", headers={**BEARER, "Content-Encoding": "gzip"}, data=bomb)
    assert response.status == 413


async def test_a_body_that_is_not_packed_as_it_says_is_400_and_ends_the_connection(client: ClientSession) -> None:
    response = await client.post("/files/1", headers={**BEARER, "Content-Encoding": "gzip"}, data=b"plain")
    assert (response.status, response.headers["Connection"]) == (400, "close")
    assert await detail_of(response)
    assert (await client.get("/who", headers=BEARER)).status == 201


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        (b"", ["body"]),
        (b"{", ["body"]),
        (b"[]", ["body"]),
        (b"null", ["body"]),
        (b'"text"', ["body"]),
        (b"{}", ["body", "filename"]),
        (b'{"filename": 1}', ["body", "filename"]),
        (b'{"filename": "\xff"}', ["body"]),
        (b'{"filename": "\\ud800"}', ["body"]),
        (b'{"filename": "a", "tags": [1, "x"]}', ["body", "tags", 1]),
        (b'{"filename": "a", "another\\u0000": 1}', ["body", "another\x00"]),
        (b"[" * 1000, ["body"]),
        (b'{"a":' * 200, ["body"]),
        (b'{"filename": ' + b"9" * 900, ["body"]),
        (b"filename=a", ["body"]),
    ],
    ids=repr,
)
async def test_a_body_that_does_not_fit_is_422_and_names_the_field(
    client: ClientSession, body: bytes, loc: list[str]
) -> None:
    response = await client.post("/files/1", headers=BEARER, data=body)
    assert response.status == 422
    first = (await detail_of(response))[0]
    assert (first["loc"], sorted(first)) == (loc, ["loc", "msg", "type"])


async def test_a_body_with_many_faults_names_only_some(client: ClientSession) -> None:
    body = {"filename": "a", "tags": ["x"] * 150}
    assert len(await detail_of(await client.post("/files/1", headers=BEARER, json=body))) == 20


async def test_a_body_is_json_whatever_its_type_says(client: ClientSession) -> None:
    response = await client.post("/files/1", headers={**BEARER, "Content-Type": "text/plain"}, data=b'{"filename":"a"}')
    assert await response.json() == {"filename": "a", "tags": []}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=", "limit=1&limit=x"])
async def test_a_query_that_does_not_fit_is_422_and_names_the_parameter(client: ClientSession, query: str) -> None:
    response = await client.get(f"/page?{query}", headers=BEARER)
    assert response.status == 422
    assert (await detail_of(response))[0]["loc"] == ["query", "limit"]


async def test_a_body_that_never_ends_is_timed_out_as_well(client: ClientSession) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1)

    assert (await client.post("/files/1", headers=BEARER, data=drip())).status == 503
