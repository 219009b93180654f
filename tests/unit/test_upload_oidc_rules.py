"""Settings that fit together, addresses that are safe, and what a provider may say of itself."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import uuid5

import pytest
from aiohttp import ClientSession, web
from docuvault_contracts.cloudevents import Message, decode
from docuvault_contracts.events import UserRegistered
from pydantic import ValidationError

from services.chassis.auth import TokenVerifier
from services.chassis.errors import Transient
from services.chassis.settings import TokenSettings
from services.chassis.web import listening, make_app
from services.upload.oidc.addresses import checked_issuer, configuration_url, is_safe
from services.upload.oidc.answers import ProviderError, read_configuration
from services.upload.oidc.asking import Client, authenticated
from services.upload.oidc.http import nowhere
from services.upload.oidc.settings import OidcSettings
from services.upload.oidc.wiring import registering
from tests.unit.issuer import USER
from tests.unit.oidc_provider import HTTP, Hostile, hostile, routes_for, settings_for

ISSUER = "https://id.example/realms/office"
FITS: dict[str, Any] = {
    "oidc_issuer": ISSUER,
    "oidc_client_id": "docuvault",
    "jwt_jwks_url": f"{ISSUER}/keys",
    "jwt_issuer": ISSUER,
    "jwt_audience": "docuvault",
}
SECRET: dict[str, Any] = {"jwt_secret": "s" * 32, "jwt_jwks_url": None}


@pytest.fixture
async def provider() -> AsyncIterator[Hostile]:
    async with hostile() as made:
        yield made


def test_without_an_issuer_there_is_no_sign_in_and_with_one_all_of_it_fits() -> None:
    assert OidcSettings(jwt_secret="s" * 32).oidc_issuer is None
    assert OidcSettings(**FITS).oidc_issuer == ISSUER
    assert OidcSettings(**{**FITS, "oidc_bearer": "access_token", "jwt_audience": "api"}).oidc_bearer == "access_token"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"oidc_issuer": ""}, "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET say nothing without OIDC_ISSUER"),
        ({"oidc_client_id": ""}, "OIDC_ISSUER needs OIDC_CLIENT_ID"),
        (SECRET, "OIDC_ISSUER needs JWT_JWKS_URL"),
        ({"jwt_issuer": "docuvault"}, "JWT_ISSUER must be OIDC_ISSUER"),
        ({"jwt_audience": "api"}, "JWT_AUDIENCE must be OIDC_CLIENT_ID where OIDC_BEARER is id_token"),
        ({"oidc_issuer": "http://id.example"}, "must be an https:// URL"),
        ({"oidc_issuer": f"{ISSUER}?a=b"}, "without query or fragment"),
        ({"oidc_scopes": "email openid"}, "oidc_scopes"),
        ({"oidc_parameters": "prompt"}, "oidc_parameters"),
        (
            {"oidc_parameters": "prompt=login&redirect_uri=https://evil.example"},
            "redirect_uri is what the sign-in sets",
        ),
        ({"oidc_bearer": "refresh_token"}, "oidc_bearer"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_settings_that_do_not_fit_together_are_refused_with_a_reason(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        OidcSettings(**{**FITS, **changes})


def test_subjects_are_derived_for_an_issuers_tokens_alone() -> None:
    with pytest.raises(ValidationError, match="JWT_SUBJECT may be derived for an issuer's tokens alone"):
        TokenSettings(jwt_secret="s" * 32, jwt_subject="derived")


@pytest.mark.parametrize("name", [name for name in OidcSettings.model_fields if name.startswith("oidc_")])
def test_every_setting_says_what_it_is_without_being_set(name: str) -> None:
    assert "default" in (OidcSettings.model_fields[name].description or "")


@pytest.mark.parametrize(
    "url",
    ["https://id.example", "https://id.example:8443/a/b?c=d", "http://localhost:5000", "http://127.0.0.1:1/x"],
)
def test_an_address_behind_tls_or_on_this_machine_is_safe(url: str) -> None:
    assert is_safe(url)


@pytest.mark.parametrize(
    "url",
    [
        *("http://id.example", "ftp://localhost", "javascript:alert(1)", "//id.example", "", None, 7, ["https://a"]),
        *("https://", "https://user@id.example", "https://id.example#f", "https://id.example:port", "https://a b"),
        *(
            "https://id.example\\@evil.example",
            "https://id.exa\nmple",
            "https://ex\u00e4mple",
            "https://a" + "a" * 3000,
        ),
        *("http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://[::ffff:8.8.8.8]"),
    ],
    ids=str,
)
def test_any_other_address_is_not(url: object) -> None:
    assert not is_safe(url)


def test_a_provider_is_looked_for_where_discovery_says() -> None:
    assert configuration_url(f"{ISSUER}/") == configuration_url(ISSUER) == f"{ISSUER}/.well-known/openid-configuration"
    assert checked_issuer(f"{ISSUER}/") == f"{ISSUER}/", "to the letter: tokens carry it so"


def configured(**changes: Any) -> bytes:
    good = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/a", "token_endpoint": "https://other.example/t"}
    return json.dumps({name: value for name, value in {**good, **changes}.items() if value is not None}).encode()


def test_what_is_optional_and_cannot_be_used_is_as_if_it_were_not_there() -> None:
    found = read_configuration(200, configured(end_session_endpoint="javascript:x", revocation_endpoint=7), ISSUER)
    assert (found.end_session_endpoint, found.revocation_endpoint, found.names_itself) == (None, None, False)
    assert found.token_endpoint == "https://other.example/t"


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"[]", b"no JSON", b"[" * 10_000, configured(issuer="https://evil.example"), configured(issuer=None)),
        *(configured(token_endpoint="http://169.254.169.254/latest"), configured(token_endpoint=None)),
        *(configured(authorization_endpoint="javascript:alert(1)"), configured(authorization_endpoint=["https://a"])),
        configured(code_challenge_methods_supported=["plain"]),
    ],
    ids=lambda raw: str(raw)[:60],
)
def test_a_configuration_that_leads_astray_is_refused(raw: bytes) -> None:
    with pytest.raises(ProviderError):
        read_configuration(200, raw, ISSUER)


def test_a_secret_goes_where_the_provider_takes_it_and_a_public_client_has_none() -> None:
    form = {"code": "c"}
    public = authenticated(form, Client("a b"), frozenset())
    assert (public.form, public.headers) == ({"code": "c", "client_id": "a b"}, {})
    for methods in (frozenset[str](), frozenset({"client_secret_basic", "client_secret_post"})):
        basic = authenticated(form, Client("a b", "p:w%"), methods)
        assert basic.form == form
        assert b64decode(basic.headers["Authorization"].removeprefix("Basic ")) == b"a+b:p%3Aw%25"
    posted = authenticated(form, Client("a b", "p:w%"), frozenset({"client_secret_post"}))
    assert (posted.form, posted.headers) == ({"code": "c", "client_id": "a b", "client_secret": "p:w%"}, {})
    assert "p:w%" not in repr((posted, Client("a", "p:w%")))


async def test_the_page_is_told_where_to_go(provider: Hostile) -> None:
    settings = settings_for(provider, oidc_scopes="openid email", oidc_parameters="prompt=login&resource=https://api")
    async with routes_for(settings) as client:
        found = await (await client.get("/api/auth/oidc")).json()
    assert found == {
        "issuer": provider.issuer,
        "authorization_endpoint": f"{provider.issuer}/authorization",
        "client_id": "docuvault",
        "scope": "openid email",
        "parameters": {"prompt": "login", "resource": "https://api"},
        "names_itself": False,
        "end_session_endpoint": f"{provider.issuer}/end_session",
    }


async def test_many_who_look_at_once_are_one_question_and_a_provider_that_went_away_is_remembered(
    provider: Hostile,
) -> None:
    provider.delay = 0.05
    async with routes_for(settings_for(provider, oidc_max_age_seconds=1)) as client:
        answers = await asyncio.gather(*(client.get("/api/auth/oidc") for _ in range(20)))
        assert ({answer.status for answer in answers}, provider.looked) == ({200}, 1)
        provider.configured = web.Response(status=500)
        await asyncio.sleep(1.05)  # as long as what it said counts
        assert (await client.get("/api/auth/oidc")).status == 200
        assert provider.looked == 2


async def test_a_provider_that_is_away_or_another_is_told_apart(provider: Hostile) -> None:
    for configured, status in ((web.Response(status=500), 503), (web.json_response({"issuer": "another"}), 502)):
        provider.configured = configured
        async with routes_for(settings_for(provider)) as client:
            answer = await client.get("/api/auth/oidc")
        assert (answer.status, "sign-in provider" in (await answer.json())["detail"]) == (status, True)
    nobody = settings_for(Hostile(issuer="http://127.0.0.1:1"))
    async with routes_for(nobody) as client:
        assert (await client.get("/api/auth/oidc")).status == 503


async def test_where_no_provider_is_set_the_page_is_told_so_without_an_error() -> None:
    verifier = TokenVerifier(TokenSettings(jwt_secret="s" * 32))
    app = make_app(HTTP, verifier, ready={}, setup=nowhere)
    async with listening(app, HTTP) as port, ClientSession(f"http://127.0.0.1:{port}") as client:
        assert (await client.get("/api/auth/oidc")).status == 204
        for name in ("token", "renew", "sign-out"):
            answer = await client.post(f"/api/auth/oidc/{name}")
            assert (answer.status, await answer.json()) == (404, {"detail": "No sign-in provider is set"})
            assert (await client.put(f"/api/auth/oidc/{name}")).status == 405


class Kafka:
    """A publisher that keeps what it is given, or is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.published: list[Message] = []

    async def publish(self, messages: Sequence[Message], /) -> None:
        if self.away:
            raise Transient("kafka is away")
        self.published += messages


async def test_who_signs_in_is_made_known_and_the_same_fact_has_the_same_id() -> None:
    kafka = Kafka()
    for _ in range(2):
        await registering(kafka)(USER)
    first, again = (decode(one.headers, one.value) for one in kafka.published)
    assert isinstance(first.event, UserRegistered)
    assert (first.event.user_id, first.event.limit_bytes) == (USER, None)
    assert first.id == again.id == str(uuid5(USER, "user.registered"))
    assert {(one.topic, one.key) for one in kafka.published} == {("users", str(USER).encode())}


async def test_a_sign_in_does_not_wait_for_a_kafka_that_is_away() -> None:
    await registering(Kafka(away=True))(USER)
