"""Subjects of an issuer's that are no UUIDs, keys that its configuration names, and who needs no token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from services.chassis.auth import TokenVerifier
from services.chassis.auth_claims import Claims, InvalidTokenError
from services.chassis.auth_subject import derived, user_of
from services.chassis.errors import Transient
from services.chassis.jwks import named_keys
from services.chassis.settings import TokenSettings
from services.chassis.web import json_response, listening, make_app, public, within
from tests.unit.issuer import RSA_JWK, RSA_KEY, USER, Issuer, token
from tests.unit.web_example import HTTP, TOKENS

URL = "https://id.example/.well-known/openid-configuration"
ISSUER = "https://id.example"


def claims(sub: str, issuer: str = ISSUER) -> Claims:
    return Claims(exp=0, iss=issuer, aud="docuvault", sub=sub)


def test_a_uuid_is_itself_and_nothing_else_is_a_user() -> None:
    assert user_of(claims(str(USER)), "uuid") == USER
    for sub in ("auth0|7", "", "7"):
        with pytest.raises(InvalidTokenError, match="sub is no UUID"):
            user_of(claims(sub), "uuid")


def test_a_derived_user_is_the_same_for_ever() -> None:
    assert user_of(claims("auth0|7"), "derived") == UUID("706b265b-c56f-5311-a011-72c9e248c2f4")
    assert derived(ISSUER, "auth0|7") == uuid5(uuid5(NAMESPACE_URL, "https://id.example"), "auth0|7")


def test_a_uuid_is_derived_too_so_that_nobody_can_choose_to_be_somebody() -> None:
    victim = derived(ISSUER, "auth0|7")
    assert user_of(claims(str(victim)), "derived") != victim


def test_the_same_subject_of_another_issuer_is_another_user_however_the_two_are_cut() -> None:
    pairs = [("https://a", "b"), ("https://a/b", ""), ("https://ab", "c"), ("https://a", "bc"), ("https://a", "B")]
    assert len({derived(*pair) for pair in pairs}) == len(pairs)


@pytest.mark.parametrize("sub", ["", "a" * 256, "a\0b", "a\nb"], ids=repr)
def test_a_subject_that_is_none_makes_no_user(sub: str) -> None:
    with pytest.raises(InvalidTokenError):
        user_of(claims(sub), "derived")


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    made = Issuer()
    made.publish(RSA_JWK)

    async def told(_: web.Request) -> web.Response:
        return web.json_response({"issuer": "docuvault", "jwks_uri": made.url})

    app = web.Application()
    app.router.add_get("/keys", made.answer)
    app.router.add_get("/configuration", told)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/keys"))
        yield made


async def test_keys_are_found_by_the_configuration_that_names_them(issuer: Issuer) -> None:
    url = issuer.url.replace("/keys", "/configuration")
    verifier = TokenVerifier(TokenSettings(jwt_jwks_url=url, jwt_subject="derived"))
    caller = await verifier.verify(token(RSA_KEY, "RS256", "r1", sub="auth0|7"))
    assert caller.user_id == derived("docuvault", "auth0|7")
    assert issuer.asked == 1
    with pytest.raises(Transient):
        await TokenVerifier(TokenSettings(jwt_jwks_url=url, jwt_issuer="another")).verify(token(RSA_KEY, "RS256", "r1"))


@pytest.mark.parametrize(
    "changes",
    [{"issuer": "https://evil.example"}, {"issuer": None}, {"jwks_uri": 7}, {"jwks_uri": "http://id.example/keys"}],
    ids=str,
)
def test_a_configuration_of_another_issuer_or_without_tls_names_no_keys(changes: dict[str, Any]) -> None:
    good = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
    assert named_keys(json.dumps(good).encode(), URL, ISSUER) == f"{ISSUER}/keys"
    with pytest.raises(ValueError, match="an OpenID configuration"):
        named_keys(json.dumps({**good, **changes}).encode(), URL, ISSUER)


def test_a_set_of_keys_names_no_other_one() -> None:
    documents: tuple[Any, ...] = ({"keys": [], "jwks_uri": "https://evil.example"}, [], {})
    for document in documents:
        assert named_keys(json.dumps(document).encode(), URL, ISSUER) is None


async def test_what_is_for_anybody_wants_no_token_and_all_else_does() -> None:
    async def fine(_: web.Request) -> web.Response:
        return json_response({})

    def setup(app: web.Application) -> None:
        app.router.add_get("/open", public(within(1, fine)))
        app.router.add_get("/shut", within(1, fine))

    async with (
        listening(make_app(HTTP, TokenVerifier(TOKENS), ready={}, setup=setup), HTTP) as port,
        ClientSession(f"http://127.0.0.1:{port}") as client,
    ):
        assert (await client.get("/open", headers={"Authorization": "Bearer nonsense"})).status == 200
        assert (await client.get("/shut")).status == 401
