"""Tokens by an issuer's published keys, on a real HTTP server: rotation, outages, and confusions of algorithm."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.chassis.auth import TokenVerifier
from services.chassis.auth_claims import InvalidTokenError
from services.chassis.errors import Transient
from services.chassis.jwks import Jwks, parse_keys
from services.chassis.settings import TokenSettings
from tests.unit.issuer import (
    EC_JWK,
    EC_KEY,
    ED_JWK,
    ED_KEY,
    HUGE,
    OTHER_RSA_KEY,
    P384_JWK,
    RSA_JWK,
    RSA_KEY,
    SHORT_RSA_KEY,
    USER,
    Clock,
    Issuer,
    rsa_jwk,
    token,
)


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    made = Issuer()
    made.publish(RSA_JWK, EC_JWK, ED_JWK)
    app = web.Application()
    app.router.add_get("/keys", made.answer)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/keys"))
        yield made


def settings_for(issuer: Issuer, **changes: Any) -> TokenSettings:
    return TokenSettings(jwt_jwks_url=issuer.url, **changes)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(RSA_KEY, "RS256", "r1"), (EC_KEY, "ES256", "e1"), (ED_KEY, "EdDSA", "o1")]
)
async def test_each_type_of_key_verifies_by_its_own_algorithm(
    issuer: Issuer, key: Any, algorithm: str, kid: str
) -> None:
    assert (await TokenVerifier(settings_for(issuer)).verify(token(key, algorithm, kid))).user_id == USER


async def test_many_tokens_cost_one_fetch_even_when_they_come_at_once(issuer: Issuer) -> None:
    issuer.delay = 0.05
    verifier = TokenVerifier(settings_for(issuer))
    callers = await asyncio.gather(*(verifier.verify(token(RSA_KEY, "RS256", "r1")) for _ in range(20)))
    assert {caller.user_id for caller in callers} == {USER}
    assert issuer.asked == 1


@pytest.mark.parametrize(
    ("key", "algorithm", "changes"),
    [
        (OTHER_RSA_KEY, "RS256", {}),
        (RSA_KEY, "RS384", {}),
        (RSA_KEY, "PS256", {}),
        (RSA_KEY, "RS256", {"exp": datetime.now(UTC) - timedelta(minutes=1)}),
        (RSA_KEY, "RS256", {"aud": "another"}),
        (RSA_KEY, "RS256", {"iss": "another"}),
        (RSA_KEY, "RS256", {"exp": None}),
        (EC_KEY, "ES256", {}),
        ("", "none", {}),
    ],
    ids=str,
)
async def test_a_token_that_the_named_key_does_not_bear_out_is_refused(
    issuer: Issuer, key: Any, algorithm: str, changes: dict[str, Any]
) -> None:
    text = token(key, algorithm, "r1", **changes)
    with pytest.raises(InvalidTokenError):
        await TokenVerifier(settings_for(issuer)).verify(text)


@pytest.mark.parametrize(
    "secret",
    [
        RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        RSA_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(RSA_JWK).encode(),
        RSA_JWK["n"].encode(),
    ],
    ids=["pem", "der", "jwk", "modulus"],
)
async def test_a_public_key_is_no_secret_to_sign_with(issuer: Issuer, secret: bytes) -> None:
    head, payload, _ = token(RSA_KEY, "RS256", "r1").split(".")
    head = jwt.utils.base64url_encode(b'{"alg":"HS256","kid":"r1"}').decode()
    signature = hmac.digest(secret, f"{head}.{payload}".encode(), hashlib.sha256)
    forged = f"{head}.{payload}.{jwt.utils.base64url_encode(signature).decode()}"
    with pytest.raises(InvalidTokenError):
        await TokenVerifier(settings_for(issuer)).verify(forged)


async def test_a_published_symmetric_key_is_never_used(issuer: Issuer) -> None:
    secret = "published-for-all-to-see" * 3
    encoded = jwt.utils.base64url_encode(secret.encode()).decode()
    issuer.publish(RSA_JWK, {"kty": "oct", "kid": "s1", "k": encoded})
    with pytest.raises(InvalidTokenError):
        await TokenVerifier(settings_for(issuer)).verify(token(secret, "HS256", "s1"))


async def test_a_new_key_is_found_when_a_token_names_it(issuer: Issuer) -> None:
    clock = Clock()
    keys = Jwks(settings_for(issuer), clock)
    assert await keys.key_for("r1")
    issuer.publish(RSA_JWK, rsa_jwk("r2", OTHER_RSA_KEY))
    clock.now += 11
    assert await keys.key_for("r2")
    assert issuer.asked == 2


async def test_unknown_keys_make_no_more_fetches_than_one_an_interval(issuer: Issuer) -> None:
    clock = Clock()
    keys = Jwks(settings_for(issuer), clock)
    for number in range(50):
        assert await keys.key_for(f"invented-{number}") is None
    assert issuer.asked == 1
    clock.now += 11
    assert await keys.key_for("invented") is None
    assert issuer.asked == 2


async def test_a_key_that_is_withdrawn_is_gone_once_the_keys_have_aged(issuer: Issuer) -> None:
    clock = Clock()
    keys = Jwks(settings_for(issuer), clock)
    assert await keys.key_for("r1")
    issuer.publish(EC_JWK)
    clock.now += 301
    assert await keys.key_for("r1") is None


@pytest.mark.parametrize(
    ("status", "body"),
    [(503, b""), (200, b"garbage"), (200, b'{"keys":[]}'), (200, b"[" * 5000), (200, HUGE)],
    ids=["503", "garbage", "no keys", "nested", "huge"],
)
async def test_an_issuer_in_trouble_keeps_its_old_keys(issuer: Issuer, status: int, body: bytes) -> None:
    clock = Clock()
    keys = Jwks(settings_for(issuer), clock)
    assert await keys.key_for("r1")
    issuer.status, issuer.body = status, body
    clock.now += 301
    assert await keys.key_for("r1")
    assert issuer.asked == 2
    with pytest.raises(Transient):
        await keys.key_for("r2")


async def test_a_hanging_issuer_holds_up_one_caller_only_and_not_for_long(issuer: Issuer) -> None:
    clock = Clock()
    keys = Jwks(settings_for(issuer, jwt_jwks_timeout_seconds=1), clock)
    assert await keys.key_for("r1")
    issuer.delay, clock.now = 2, clock.now + 301
    first = asyncio.create_task(keys.key_for("r1"))
    await asyncio.wait_for(issuer.hanging.wait(), 5)
    assert await keys.key_for("r1")
    assert not first.done()
    async with asyncio.timeout(5):
        assert await first


async def test_without_any_key_a_token_can_neither_be_trusted_nor_refused() -> None:
    nobody = TokenSettings(jwt_jwks_url="http://127.0.0.1:1/keys")
    with pytest.raises(Transient):
        await TokenVerifier(nobody).verify(token(RSA_KEY, "RS256", "r1"))


async def test_a_token_without_a_kid_means_the_only_key(issuer: Issuer) -> None:
    text = token(RSA_KEY, "RS256", None)
    issuer.publish(RSA_JWK)
    assert (await TokenVerifier(settings_for(issuer)).verify(text)).user_id == USER
    issuer.publish(RSA_JWK, EC_JWK)
    with pytest.raises(InvalidTokenError):
        await TokenVerifier(settings_for(issuer)).verify(text)


@pytest.mark.parametrize(
    "entry",
    [
        P384_JWK,
        rsa_jwk("s", SHORT_RSA_KEY),
        rsa_jwk("x", use="enc"),
        rsa_jwk("x", alg="RS512"),
        {"kty": "RSA", "kid": "x", "n": "!!", "e": "AQAB"},
        {"kty": "RSA", "kid": "x"},
        {"kty": ["RSA"], "kid": "x"},
        {"kty": "RSA", "crv": {}, "kid": "x"},
        rsa_jwk("x") | {"kid": ["x"]},
        rsa_jwk("x") | {"kid": 7},
        "no object",
        None,
    ],
    ids=str,
)
def test_a_key_we_cannot_verify_with_is_left_out_and_its_neighbours_stay(entry: Any) -> None:
    assert list(parse_keys(json.dumps({"keys": [entry, RSA_JWK]}).encode())) == ["r1"]
