"""Tokens that come again: nothing that makes a token bad is overlooked because it was good a moment ago."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.chassis.auth import TokenVerifier, create_access_token
from services.chassis.auth_cache import Verified, VerifiedTokens
from services.chassis.auth_claims import Claims, InvalidTokenError
from services.chassis.auth_secret import SharedSecret
from services.chassis.errors import Transient
from services.chassis.jwks import PublishedKey
from services.chassis.settings import TokenSettings
from tests.unit.issuer import ED_JWK, ED_KEY, OTHER_RSA_KEY, RSA_JWK, RSA_KEY, USER, Issuer, rsa_jwk, token

SECRETS = TokenSettings(jwt_secret="a secret of the tests, long enough", jwt_leeway_seconds=0)
AGED_SECONDS = 0.1


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    made = Issuer()
    made.publish(RSA_JWK)
    app = web.Application()
    app.router.add_get("/keys", made.answer)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/keys"))
        yield made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each token whose signature was computed."""
    found: list[str] = []

    def counting(real: Callable[[Any, str], Claims]) -> Callable[[Any, str], Claims]:
        def read(key: Any, text: str) -> Claims:
            found.append(text)
            return real(key, text)

        return read

    for family in (SharedSecret, PublishedKey):
        monkeypatch.setattr(family, "read", counting(family.read))
    return found


def by_keys_of(issuer: Issuer) -> TokenVerifier:
    """Fetches the keys again after a tenth of a second, where five minutes are the default."""
    return TokenVerifier(
        TokenSettings(
            jwt_jwks_url=issuer.url, jwt_jwks_max_age_seconds=AGED_SECONDS, jwt_jwks_min_interval_seconds=0.01
        )
    )


async def test_a_token_that_comes_again_is_not_computed_again(read: list[str]) -> None:
    verifier, text = TokenVerifier(SECRETS), create_access_token(USER, "admin", SECRETS)
    callers = [await verifier.verify(text) for _ in range(3)]
    assert [(caller.user_id, caller.role) for caller in callers] == [(USER, "admin")] * 3
    assert read == [text]


async def test_a_token_that_expires_while_it_is_remembered_is_refused() -> None:
    verifier = TokenVerifier(SECRETS)
    text = create_access_token(USER, "user", SECRETS, expires_in=timedelta(seconds=2))
    assert (await verifier.verify(text)).user_id == USER
    expires = int(datetime.now(UTC).timestamp()) + 2
    await asyncio.sleep(expires - datetime.now(UTC).timestamp())
    with pytest.raises(InvalidTokenError, match="expired"):
        await verifier.verify(text)


async def test_the_leeway_holds_for_a_remembered_token_too(read: list[str]) -> None:
    verifier = TokenVerifier(SECRETS.model_copy(update={"jwt_leeway_seconds": 60}))
    text = create_access_token(USER, "user", SECRETS, expires_in=timedelta(seconds=-10))
    assert [(await verifier.verify(text)).user_id for _ in range(2)] == [USER, USER]
    assert read == [text]


@pytest.mark.parametrize("change", ["signature", "payload"])
async def test_another_token_with_parts_of_a_remembered_one_is_computed(change: str) -> None:
    verifier = TokenVerifier(SECRETS)
    texts = [create_access_token(USER, role, SECRETS).split(".") for role in ("user", "admin")]
    for parts in texts:
        await verifier.verify(".".join(parts))
    (head, payload, _), (_, other_payload, other_signature) = texts
    forged = (head, payload, other_signature) if change == "signature" else (head, other_payload, texts[0][2])
    with pytest.raises(InvalidTokenError):
        await verifier.verify(".".join(forged))


async def test_a_refused_token_is_never_remembered(read: list[str]) -> None:
    verifier, text = TokenVerifier(SECRETS), create_access_token(USER, "user", SECRETS, expires_in=timedelta(-1))
    for _ in range(2):
        with pytest.raises(InvalidTokenError):
            await verifier.verify(text)
    assert read == [text, text]


@pytest.mark.parametrize("published", [[ED_JWK], [rsa_jwk("r1", OTHER_RSA_KEY)]], ids=["withdrawn", "rotated"])
async def test_without_its_key_a_remembered_token_is_refused_once_the_keys_have_aged(
    issuer: Issuer, published: list[dict[str, Any]]
) -> None:
    verifier, text = by_keys_of(issuer), token(RSA_KEY, "RS256", "r1")
    assert (await verifier.verify(text)).user_id == USER
    issuer.publish(*published)
    await asyncio.sleep(AGED_SECONDS)
    with pytest.raises(InvalidTokenError):
        await verifier.verify(text)


async def test_a_remembered_token_without_a_kid_is_refused_once_there_are_several_keys(issuer: Issuer) -> None:
    verifier, text = by_keys_of(issuer), token(RSA_KEY, "RS256", None)
    assert (await verifier.verify(text)).user_id == USER
    issuer.publish(RSA_JWK, ED_JWK)
    await asyncio.sleep(AGED_SECONDS)
    with pytest.raises(InvalidTokenError):
        await verifier.verify(text)


async def test_a_key_that_stays_is_computed_with_once_for_each_time_the_keys_are_fetched(
    issuer: Issuer, read: list[str]
) -> None:
    verifier, text = by_keys_of(issuer), token(RSA_KEY, "RS256", "r1")
    for _ in range(2):
        await verifier.verify(text)
        await asyncio.sleep(AGED_SECONDS)
    assert (issuer.asked, len(read)) == (2, 2)


async def test_with_the_issuer_away_a_remembered_token_stays_as_good_as_its_key(
    issuer: Issuer, read: list[str]
) -> None:
    verifier, text = by_keys_of(issuer), token(RSA_KEY, "RS256", "r1")
    await verifier.verify(text)
    issuer.status = 503
    await asyncio.sleep(AGED_SECONDS)
    assert (await verifier.verify(text)).user_id == USER
    assert (issuer.asked, len(read)) == (2, 1)
    with pytest.raises(Transient):
        await verifier.verify(token(ED_KEY, "EdDSA", "o1"))


async def test_only_the_tokens_used_last_are_remembered() -> None:
    key = SharedSecret("a secret of the tests, long enough", SECRETS)
    known: VerifiedTokens[str] = VerifiedTokens(most=2)
    for name in ("a", "b"):
        known.put(name, Verified(name, None, key, 0))
    assert known.get("a")
    known.put("c", Verified("c", None, key, 0))
    assert [(found.caller if found else None) for found in map(known.get, "abc")] == ["a", None, "c"]
    assert len(known) == 2
