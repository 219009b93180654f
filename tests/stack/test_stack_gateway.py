"""The gateway: what it lets through, what it answers itself, what it writes down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import uuid4

import aiohttp
import pytest

from deploy.local.stack import Stack
from tests.stack.support.provider import log_of

NO_ROUTES = ["/api/topicsx", "/api/auth/me", "/api/auth/me/classification/x", "/metrics", "/readyz", "/api"]


@pytest.mark.parametrize("path", [*NO_ROUTES, "/api/documentsx"])
async def test_what_no_service_serves_is_a_404_in_the_shape_of_errors(
    gateway_url: str, client: aiohttp.ClientSession, path: str
) -> None:
    async with client.get(gateway_url + path) as answer:
        assert (answer.status, await answer.json()) == (404, {"detail": "Not found"})
        assert answer.headers["X-Request-Id"]


async def test_a_body_above_the_limit_is_refused_and_hurts_nobody_else(
    gateway_url: str, client: aiohttp.ClientSession
) -> None:
    url = f"{gateway_url}/api/documents/upload-url"
    async with client.post(url, data=b"x" * 200_000) as answer:
        assert answer.status in {401, 413}
        assert "detail" in await answer.json()
    started = asyncio.get_running_loop().time()
    async with client.get(f"{gateway_url}/api/documents") as answer:
        assert answer.status == 401
    assert asyncio.get_running_loop().time() - started < 1


async def test_a_request_keeps_its_id_or_is_given_one(gateway_url: str, client: aiohttp.ClientSession) -> None:
    url = f"{gateway_url}/api/documents"
    async with client.get(url, headers={"X-Request-Id": "of-the-client"}) as answer:
        assert answer.headers["X-Request-Id"] == "of-the-client"
    async with client.get(url) as answer:
        assert len(answer.headers["X-Request-Id"]) >= 32


@pytest.fixture
async def no_quota_service(stack: Stack) -> AsyncIterator[None]:
    await asyncio.to_thread(stack.supervisor.stop, "quota-1")
    yield
    await asyncio.to_thread(stack.up)


@pytest.mark.usefixtures("no_quota_service")
@pytest.mark.timeout(120)
async def test_a_service_that_is_away_is_a_503_that_says_when_to_come_back(
    gateway_url: str, client: aiohttp.ClientSession
) -> None:
    async with client.get(f"{gateway_url}/api/auth/me/quota?secret=swordfish") as answer:
        assert (answer.status, await answer.json()) == (503, {"detail": "Service unavailable"})
        assert answer.headers["Retry-After"] == "1"


async def test_the_access_log_names_the_request_but_no_query_and_no_token(
    stack: Stack, gateway_url: str, client: aiohttp.ClientSession
) -> None:
    request_id = str(uuid4())
    headers = {"X-Request-Id": request_id, "Authorization": "Bearer tok-en", "Cookie": "session=cook-ie"}
    async with client.get(f"{gateway_url}/api/documents?X-Amz-Signature=signed", headers=headers):
        pass
    line = await logged(stack, request_id)
    assert json.loads(line)["request"]["uri"] == "/api/documents"
    whole = await asyncio.to_thread(log_of, stack, "gateway")
    assert not any(secret in whole for secret in ("tok-en", "cook-ie", "signed", "swordfish"))


async def logged(stack: Stack, request_id: str) -> str:
    async with asyncio.timeout(10):
        while True:
            text = await asyncio.to_thread(log_of, stack, "gateway")
            for line in text.splitlines():
                if request_id in line:
                    return line
            await asyncio.sleep(0.05)
