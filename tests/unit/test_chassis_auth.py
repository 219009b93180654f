"""Tokens by a shared secret: what is no good token of ours proves nothing, whatever it is."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.auth import Caller, TokenVerifier, create_access_token
from services.chassis.auth_claims import InvalidTokenError
from services.chassis.settings import SettingsError, TokenSettings

SECRET = "a secret of the tests that is as long as the longest hash of all needs"
SETTINGS = TokenSettings(jwt_secret=SECRET)
USER = UUID("3d0f2f3a-9a30-4d2f-8f3c-0f6a6f0f3b11")
UNSET = object()


def token(secret: str = SECRET, algorithm: str | None = "HS256", headers: Any = None, **changes: Any) -> str:
    now = datetime.now(UTC)
    claims = {"sub": str(USER), "role": "user", "iss": "docuvault", "aud": "docuvault", "iat": now}
    claims |= {"exp": now + timedelta(minutes=5), **changes}
    return jwt.encode({k: v for k, v in claims.items() if v is not UNSET}, secret, algorithm, headers)


async def verified(text: str) -> Caller:
    return await TokenVerifier(SETTINGS).verify(text)


async def test_a_good_token_says_who_calls() -> None:
    assert await verified(token(role="admin")) == Caller(USER, "admin")


async def test_a_token_without_a_role_is_a_users() -> None:
    assert (await verified(token(role=UNSET))).role == "user"


async def test_what_create_access_token_makes_is_a_good_token() -> None:
    assert await verified(create_access_token(USER, "admin", SETTINGS)) == Caller(USER, "admin")


async def test_create_access_token_takes_the_environments_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", SECRET)
    assert await verified(create_access_token(str(USER), "user")) == Caller(USER, "user")


def test_create_access_token_says_what_it_misses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JWT_SECRET", raising=False)
    with pytest.raises(SettingsError, match="JWT_SECRET"):
        create_access_token(USER)
    with pytest.raises(ValueError, match="JWT_JWKS_URL"):
        create_access_token(USER, settings=TokenSettings(jwt_jwks_url="https://issuer/keys"))


def now_plus(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": now_plus(-60)},
        {"exp": UNSET},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"nbf": now_plus(3600)},
        {"iss": "another"},
        {"iss": UNSET},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": UNSET},
        {"sub": UNSET},
        {"sub": 7},
        {"sub": "someone"},
        {"sub": ""},
        {"role": 7},
        {"role": None},
        {"role": ["admin"]},
        {"secret": "another secret of the tests that is just as long as the right one is, too"},
        {"algorithm": "HS512"},
        {"algorithm": "none", "secret": ""},
    ],
    ids=str,
)
async def test_a_token_that_claims_otherwise_is_refused(changes: dict[str, Any]) -> None:
    text = token(**changes)
    with pytest.raises(InvalidTokenError):
        await verified(text)


async def test_one_of_several_audiences_may_be_ours() -> None:
    assert (await verified(token(aud=["another", "docuvault"]))).user_id == USER


async def test_clocks_may_differ_by_the_leeway_and_no_more() -> None:
    assert (await verified(token(exp=now_plus(-2)))).user_id == USER
    with pytest.raises(InvalidTokenError):
        await verified(token(exp=now_plus(-8)))


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "eyJhbGciOiJIUzI1NiJ9",
        "\x00.\x00.\x00",
        "é.é.é",
        "\ud800.a.b",
        *(
            f"{b64(header)}.e30.c2ln"
            for header in (
                b"[" * 5000,
                b'{"a":' * 1000,
                b"9" * 5000,
                b"\xff\xfe",
                b"[]",
                b'{"alg":"HS256","kid":7}',
                b'{"alg":["HS256"]}',
                b'{"alg":"HS256","crit":["x"]}',
                b'{"alg":"HS256","b64":false}',
            )
        ),
        token() + "x" * 100_000,
        token()[:-2],
    ],
    ids=lambda text: repr(text[:24]),
)
async def test_garbage_is_refused_like_any_bad_token(text: str) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        await verified(text)
    assert caught.value.__cause__ is None


async def test_a_signed_payload_of_garbage_is_refused_too() -> None:
    for payload in (b"[]", b"7", b"\xff", b"[" * 3000, b"9" * 5000, b'{"exp":1e999}'):
        with pytest.raises(InvalidTokenError):
            await verified(jwt.api_jws.encode(payload, SECRET, "HS256"))


async def test_a_reason_quotes_nothing_of_the_token() -> None:
    with pytest.raises(InvalidTokenError) as caught:
        await verified(f"{b64(b'very-private')}.e30.c2ln")
    assert "private" not in str(caught.value)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=200) | st.lists(st.binary(max_size=60).map(b64), min_size=3, max_size=3).map(".".join))
async def test_no_text_makes_the_verifier_fail_in_another_way(text: str) -> None:
    with pytest.raises(InvalidTokenError):
        await verified(text)


async def test_a_longer_token_than_any_of_ours_is_not_even_parsed() -> None:
    long = token(padding="x" * 10_000)
    with pytest.raises(InvalidTokenError, match="longer"):
        await verified(long)
    assert (await verified(token(jti=uuid4().hex * 40))).user_id == USER


async def test_while_the_secret_is_changed_tokens_by_both_are_good_and_by_no_third() -> None:
    new, third = "b" * 32, "c" * 32
    both = TokenVerifier(TokenSettings(jwt_secret=new, jwt_secret_also=SECRET))
    assert await both.verify(token()) == await both.verify(token(new)) == Caller(USER)
    for text in (token(third), token(third)[:-3]):
        with pytest.raises(InvalidTokenError, match="not signed"):
            await both.verify(text)
    made = create_access_token(USER, settings=TokenSettings(jwt_secret=new, jwt_secret_also=SECRET))
    assert await TokenVerifier(TokenSettings(jwt_secret=new)).verify(made) == Caller(USER)
    with pytest.raises(InvalidTokenError):
        await TokenVerifier(TokenSettings(jwt_secret=new)).verify(token())


def test_a_second_secret_is_as_long_as_the_first_and_goes_with_it() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        TokenSettings(jwt_secret=SECRET, jwt_secret_also="short")
    with pytest.raises(ValueError, match="JWT_SECRET_ALSO goes with JWT_SECRET"):
        TokenSettings(jwt_jwks_url="https://issuer/keys", jwt_secret_also="s" * 32)
