"""The accounts over HTTP, through the gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest
from pydantic import SecretStr

from services.chassis.auth import create_access_token
from services.chassis.settings import TokenSettings
from tests.stack.support.provider import log_of

Answer = tuple[int, Any]


class Client:
    """Calls the gateway as whom a test says."""

    def __init__(self, session: aiohttp.ClientSession, tokens: TokenSettings) -> None:
        self._session = session
        self._tokens = tokens

    async def quota(self, user: UUID) -> Answer:
        return await self._call("GET", "/api/auth/me/quota", user, "user")

    async def admin(
        self, method: str, user: object, body: object = None, role: str = "admin", by: UUID | None = None
    ) -> Answer:
        return await self._call(method, f"/api/admin/quotas/{user}", by or uuid4(), role, body)

    async def _call(self, method: str, path: str, caller: UUID, role: str, body: object = None) -> Answer:
        headers = {"Authorization": f"Bearer {create_access_token(caller, role, self._tokens)}"}
        async with self._session.request(method, path, headers=headers, json=body) as response:
            return response.status, await response.json()


@pytest.fixture
async def session(stack: Any) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(stack.info.gateway_url) as found:
        yield found


@pytest.fixture
def client(session: aiohttp.ClientSession, stack: Any) -> Client:
    secret = SecretStr(stack.info.jwt_secret)
    return Client(session, TokenSettings(jwt_secret=secret, jwt_jwks_url=None))


async def test_a_user_without_an_account_has_no_quota(client: Client) -> None:
    assert await client.quota(uuid4()) == (404, {"detail": "Quota not found"})


async def test_an_administrator_opens_and_changes_an_account(client: Client) -> None:
    user = uuid4()
    assert await client.admin("GET", user) == (404, {"detail": "Quota not found"})
    for limit in (500, 500, 0, 2**63 - 1):
        expected = {"user_id": str(user), "used_bytes": 0, "limit_bytes": limit}
        assert await client.admin("PUT", user, {"limit_bytes": limit}) == (200, expected)
        assert await client.admin("GET", user) == (200, expected)
        assert await client.quota(user) == (200, {"used_bytes": 0, "limit_bytes": limit})


async def test_who_changed_a_limit_and_when_is_known_for_good(client: Client, stack: Any) -> None:
    user, one, other = uuid4(), uuid4(), uuid4()
    for by, limit in ((one, 500), (other, 500), (other, 700), (one, 500)):
        assert (await client.admin("PUT", user, {"limit_bytes": limit}, by=by))[0] == 200
    connection = await asyncpg.connect(stack.info.databases["quota"])
    try:
        rows = await connection.fetch(
            "SELECT changed_by, limit_bytes FROM limit_changes WHERE user_id = $1 ORDER BY changed_at", user
        )
        assert [tuple(row) for row in rows] == [(one, 500), (other, 700), (one, 500)]
        for attempt in ("DELETE FROM limit_changes", "UPDATE limit_changes SET changed_by = user_id"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(attempt)
    finally:
        await connection.close()
    lines = [line for line in log_of(stack, "quota-1").splitlines() if str(user) in line]
    assert [json.loads(line)["user_id"] for line in lines if '"limit_bytes":700' in line] == [str(other)]


async def test_only_an_administrator_sees_or_sets_limits(client: Client) -> None:
    user = uuid4()
    for method, body in (("GET", None), ("PUT", {"limit_bytes": 1})):
        status, answer = await client.admin(method, user, body, role="user")
        assert (status, list(answer)) == (403, ["detail"])
    assert (await client.quota(user))[0] == 404


@pytest.mark.parametrize(
    "user", ["me", "0", "urn:uuid:11111111-1111-4111-8111-111111111111", "11111111111141118111111111111111"]
)
async def test_what_is_no_user_id_is_a_user_nobody_has(client: Client, user: str) -> None:
    assert await client.admin("GET", user) == (404, {"detail": "Quota not found"})
    assert await client.admin("PUT", user, {"limit_bytes": 1}) == (404, {"detail": "Quota not found"})


@pytest.mark.parametrize(
    "body", [{}, {"limit_bytes": -1}, {"limit_bytes": 2**63}, {"limit_bytes": "1"}, {"limit_bytes": 1.5}]
)
async def test_a_limit_that_is_none_is_refused_by_name(client: Client, body: dict[str, object]) -> None:
    user = uuid4()
    status, answer = await client.admin("PUT", user, body)
    assert (status, answer["detail"][0]["loc"]) == (422, ["body", "limit_bytes"])
    assert (await client.quota(user))[0] == 404


@pytest.mark.parametrize("path", ["/api/auth/me/quota", "/api/admin/quotas/11111111-1111-4111-8111-111111111111"])
async def test_without_a_token_nothing_is_told(session: aiohttp.ClientSession, path: str) -> None:
    async with session.get(path) as response:
        assert (response.status, list(await response.json())) == (401, ["detail"])


async def test_limits_set_at_the_same_time_end_with_one_of_them(client: Client) -> None:
    user = uuid4()
    answers = await asyncio.gather(*(client.admin("PUT", user, {"limit_bytes": n}) for n in range(1, 17)))
    assert {status for status, _ in answers} == {200}
    assert (await client.quota(user))[1]["limit_bytes"] in range(1, 17)
