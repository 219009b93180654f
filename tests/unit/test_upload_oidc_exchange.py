"""Codes and refresh tokens are redeemed at a provider that may answer anything."""

from __future__ import annotations

import gzip
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientResponse, ClientSession

from services.chassis.auth import TokenVerifier
from services.chassis.auth_subject import derived
from services.upload.oidc.answers import MAX_ANSWER_BYTES
from tests.unit.issuer import USER
from tests.unit.oidc_provider import GOOD, Hostile, hostile, raw, remembered, routes_for, settings_for

COOKIE = "docuvault_renewal"
KEPT = {"Cookie": f"{COOKIE}={urlsafe_b64encode(b'r-1').decode()}"}


@pytest.fixture
async def provider() -> AsyncIterator[Hostile]:
    async with hostile() as made:
        yield made


@pytest.fixture
async def client(provider: Hostile) -> AsyncIterator[ClientSession]:
    async with routes_for(settings_for(provider, oidc_burst=1000)) as session:
        yield session


async def redeem(client: ClientSession, **changes: Any) -> ClientResponse:
    headers = changes.pop("headers", {"Origin": "http://localhost:8080"})
    return await client.post("/api/auth/oidc/token", json={**GOOD, **changes}, headers=headers)


async def renew(client: ClientSession, *, kept: bool = True) -> ClientResponse:
    client.cookie_jar.clear()
    return await client.post("/api/auth/oidc/renew", headers=KEPT if kept else {})


async def test_a_code_becomes_a_token_that_the_api_takes(provider: Hostile) -> None:
    settings, known = settings_for(provider), list[UUID]()
    async with routes_for(settings, registers=remembered(known)) as client:
        answer = await redeem(client)
        said = await answer.json()
    assert (answer.status, said["token_type"], said["renewable"]) == (200, "Bearer", True)
    assert 290 < said["expires_in"] <= 300
    caller = await TokenVerifier(settings).verify(said["access_token"])
    assert caller.user_id == derived(provider.issuer, "auth0|7")
    assert known == [caller.user_id]
    assert provider.asked == [
        {
            "grant_type": "authorization_code",
            "code": "good",
            "code_verifier": GOOD["code_verifier"],
            "redirect_uri": GOOD["redirect_uri"],
            "client_id": "docuvault",
        }
    ]


async def test_the_refresh_token_is_in_a_cookie_that_no_script_reads(client: ClientSession) -> None:
    for origin, secure in (("http://localhost:8080", ""), ("https://docs.example", True)):
        answer = await redeem(client, headers={"Origin": origin})
        cookie = answer.cookies[COOKIE]
        assert "r-1" not in await answer.text()
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/api/auth/oidc")
        assert (cookie["secure"], cookie["max-age"], cookie["expires"]) == (secure, "", "")


async def test_without_a_refresh_token_or_with_one_that_fits_no_cookie_the_session_ends_with_its_token(
    client: ClientSession, provider: Hostile
) -> None:
    for token in (None, "r" * 3000):
        provider.granted = raw(provider.grant(refresh_token=token))
        answer = await redeem(client)
        assert (answer.status, (await answer.json())["renewable"], answer.cookies[COOKIE].value) == (200, False, "")


async def test_an_access_token_is_the_bearer_where_that_is_set(provider: Hostile) -> None:
    audience = "https://api.example"
    settings = settings_for(provider, oidc_bearer="access_token", jwt_audience=audience, jwt_subject="uuid")
    access = provider.id_token(sub=str(USER), aud=audience)
    provider.granted = raw(provider.grant(access_token=access))
    async with routes_for(settings) as client:
        assert (await (await redeem(client)).json())["access_token"] == access
        provider.granted = raw(provider.grant())
        answer = await redeem(client)
    assert answer.status == 502
    assert "its access_token is none that this API takes" in (await answer.json())["detail"]


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"error": "invalid_grant"}, 400, 401),
        ({"error": "invalid_client"}, 401, 502),
        ({"error": "<script>", "error_description": "very-private"}, 400, 502),
        ({"error": ["invalid_grant"]}, 400, 502),
        (b"very-private", 400, 502),
        (b"very-private", 200, 502),
        (b"", 200, 502),
        (b"[" * 100_000, 200, 502),
        (b'["very-private"]', 200, 502),
        (b"{}", 200, 502),
        (b" " * (MAX_ANSWER_BYTES + 1), 200, 502),
        (b"{}", 204, 502),
        (b"oops", 500, 503),
        (b"oops", 429, 503),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_whatever_the_token_endpoint_answers_is_told_apart_and_quoted_nowhere(
    client: ClientSession, provider: Hostile, body: Any, status: int, expected: int
) -> None:
    provider.granted = raw(body, status)
    answer = await redeem(client)
    text = await answer.text()
    assert answer.status == expected
    assert "private" not in text
    assert "<script>" not in text
    assert COOKIE not in answer.cookies
    if expected == 503:
        assert answer.headers["Retry-After"]


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": 7},
        {"access_token": "a" * 9000},
        {"token_type": "DPoP"},
        {"token_type": None},
        {"id_token": None},
        {"id_token": "eyJ.e30."},
        {"id_token": "very-private"},
        {"refresh_token": {"very": "private"}},
        {"refresh_token": "é"},
    ],
    ids=str,
)
async def test_a_grant_that_is_not_whole_signs_nobody_in(
    client: ClientSession, provider: Hostile, changes: dict[str, Any]
) -> None:
    provider.granted = raw(provider.grant(**changes))
    answer = await redeem(client)
    assert (answer.status, COOKIE in answer.cookies) == (502, False)
    assert "private" not in await answer.text()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"nonce": "of another sign-in"}, 401),
        ({"nonce": None}, 401),
        ({"azp": "another"}, 401),
        ({"aud": "another"}, 502),
        ({"iss": "https://evil.example"}, 502),
        ({"exp": 1}, 502),
        ({"sub": ""}, 502),
        ({"sub": "x" * 256}, 502),
        ({"sub": "a\nb"}, 502),
        ({"role": ["admin"]}, 502),
    ],
    ids=str,
)
async def test_an_id_token_that_is_not_the_answer_to_this_sign_in_signs_nobody_in(
    client: ClientSession, provider: Hostile, changes: dict[str, Any], expected: int
) -> None:
    provider.granted = raw(provider.grant(id_token=provider.id_token(**changes)))
    assert (await redeem(client)).status == expected


async def test_a_redirect_is_not_followed_and_nothing_small_becomes_large(
    client: ClientSession, provider: Hostile
) -> None:
    elsewhere = raw(b"", 307, {"Location": f"{provider.issuer}/revoke"})
    provider.granted = elsewhere
    assert (await redeem(client)).status == 502
    assert len(provider.asked) == 1
    provider.granted = raw(gzip.compress(b" " * 50_000_000), 200, {"Content-Encoding": "gzip"})
    assert (await redeem(client)).status == 502


async def test_a_provider_that_does_not_answer_is_a_503_in_time(client: ClientSession, provider: Hostile) -> None:
    assert (await redeem(client)).status == 200
    provider.delay = 30
    began = time.monotonic()
    answer = await redeem(client)
    assert (answer.status, (await answer.json())["detail"]) == (503, "The sign-in provider does not answer, try again")
    assert time.monotonic() - began < 10


async def test_a_refresh_token_is_renewed_and_replaced(client: ClientSession, provider: Hostile) -> None:
    provider.granted = raw(provider.grant(refresh_token="r-2"))
    answer = await renew(client)
    assert (answer.status, (await answer.json())["renewable"]) == (200, True)
    assert answer.cookies[COOKIE].value == urlsafe_b64encode(b"r-2").decode()
    assert provider.asked == [{"grant_type": "refresh_token", "refresh_token": "r-1", "client_id": "docuvault"}]
    provider.granted = raw(provider.grant(refresh_token=None))
    answer = await renew(client)
    assert answer.cookies[COOKIE].value == urlsafe_b64encode(b"r-1").decode(), "the old one stays good"


async def test_what_renews_nothing_any_more_is_forgotten(client: ClientSession, provider: Hostile) -> None:
    provider.granted = raw({"error": "invalid_grant"}, 400)
    for kept in (True, False):
        answer = await renew(client, kept=kept)
        assert (answer.status, answer.cookies[COOKIE].value) == (401, "")
    provider.granted = raw(provider.grant(id_token=None))
    assert (await renew(client)).status == 401, "the API's token is the ID token, and there is none"
    provider.granted = raw(b"oops", 500)
    answer = await renew(client)
    assert (answer.status, COOKIE in answer.cookies) == (503, False), "while it is away, nothing is forgotten"


async def test_a_cookie_that_is_none_of_ours_is_as_good_as_none(client: ClientSession, provider: Hostile) -> None:
    for value in ("!", "a", "/w==", "w6k="):
        client.cookie_jar.clear()
        answer = await client.post("/api/auth/oidc/renew", headers={"Cookie": f"{COOKIE}={value}"})
        assert answer.status == 401
    assert provider.asked == []


async def test_signing_out_revokes_and_forgets_whatever_the_provider_says(
    client: ClientSession, provider: Hostile
) -> None:
    for granted in (raw(b""), raw(b"oops", 500)):
        provider.granted = granted
        client.cookie_jar.clear()
        answer = await client.post("/api/auth/oidc/sign-out", headers=KEPT)
        assert (answer.status, answer.cookies[COOKIE].value) == (204, "")
    assert provider.asked == [{"token": "r-1", "client_id": "docuvault"}] * 2


async def test_a_page_of_another_origin_is_refused_before_anything_is_asked(
    client: ClientSession, provider: Hostile
) -> None:
    for site in ("cross-site", "same-site", "none"):
        for path in ("token", "renew", "sign-out"):
            answer = await client.post(f"/api/auth/oidc/{path}", json=GOOD, headers={"Sec-Fetch-Site": site})
            assert answer.status == 403
    assert provider.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"code": ""},
        {"code": "c" * 5000},
        {"code_verifier": "short"},
        {"code_verifier": "v" * 42 + "!"},
        {"nonce": "short"},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "https://docs.example/signed-in?to=evil"},
        {"redirect_uri": "https://docs.example/signed-in#x"},
        {"redirect_uri": "https://ada@docs.example/signed-in"},
        {"redirect_uri": "javascript://docs.example/signed-in"},
        {"redirect_uri": "https://docs.example:99999/signed-in"},
    ],
    ids=lambda changes: str(changes)[:60],
)
async def test_a_request_that_does_not_fit_is_a_422_and_nothing_is_asked(
    client: ClientSession, provider: Hostile, changes: dict[str, Any]
) -> None:
    answer = await redeem(client, **changes)
    assert (answer.status, (await answer.json())["detail"][0]["loc"][0]) == (422, "body")
    assert provider.asked == []


async def test_no_request_names_another_provider(client: ClientSession, provider: Hostile) -> None:
    answer = await redeem(client, issuer="http://127.0.0.1:1", token_endpoint="http://127.0.0.1:1/token")
    assert (answer.status, len(provider.asked)) == (200, 1)


async def test_one_address_may_not_ask_for_ever_whatever_it_says_before_the_gateways_word(provider: Hostile) -> None:
    async with routes_for(settings_for(provider, oidc_burst=3, oidc_per_second=0.01)) as client:
        for number in range(3):
            assert (await look_from(client, f"203.0.113.{number}, 198.51.100.1")).status == 200
        refused = await look_from(client, "203.0.113.9, 198.51.100.1")
        assert (refused.status, int(refused.headers["Retry-After"]) > 50) == (429, True)
        assert (await look_from(client, "198.51.100.2")).status == 200


async def look_from(client: ClientSession, forwarded: str) -> ClientResponse:
    return await client.get("/api/auth/oidc", headers={"X-Forwarded-For": forwarded})
