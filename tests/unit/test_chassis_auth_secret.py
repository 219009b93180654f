"""Our own reading of HS256 tokens beside PyJWT's: what is accepted here says there the same."""

from __future__ import annotations

import hmac
import json
import time
import warnings
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.auth_claims import InvalidTokenError
from services.chassis.auth_secret import SharedSecret
from services.chassis.settings import TokenSettings

SECRET = "a secret of the tests that is as long as the longest hash of all needs"
SETTINGS = TokenSettings(jwt_secret=SECRET)
OURS = SharedSecret(SECRET, SETTINGS)
NOW = int(time.time())
LATER = NOW + 24 * 3600
"""Not soon: this is read when the tests are collected, and they may run many minutes later."""

odd: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just([]) | st.just({})
)
times = st.integers(NOW - 3600, NOW - 60) | st.integers(LATER, LATER + 3600) | st.floats(0, 1e12) | odd
names = st.sampled_from(["docuvault", "another", "docuvault "]) | odd
claims = st.fixed_dictionaries(
    {"exp": st.just(LATER) | times, "iss": st.just("docuvault") | names, "sub": st.text(max_size=9) | odd},
    optional={
        "aud": st.just("docuvault") | names | st.lists(st.just("docuvault") | names, max_size=3),
        "iat": st.just(NOW) | times,
        "nbf": st.just(NOW) | times,
        "jti": st.text(max_size=8) | odd,
        "role": st.text(max_size=8) | odd,
        "more": odd,
    },
)
headers = st.fixed_dictionaries(
    {"alg": st.just("HS256") | st.sampled_from(["HS512", "none", "hs256"]) | odd},
    optional={"kid": st.text(max_size=8) | odd, "crit": odd | st.just(["b64"]), "b64": odd, "typ": odd},
)


def by_us(token: str) -> dict[str, Any] | None:
    try:
        said = OURS.read(token)
    except InvalidTokenError:
        return None
    return {"exp": said.exp, "sub": said.sub, "aud": said.aud}


def by_pyjwt(token: str) -> dict[str, Any] | None:
    options: Any = {"require": ["exp", "iss", "aud", "sub"]}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said = jwt.decode(
                token, SECRET, ["HS256"], options, audience="docuvault", issuer="docuvault", leeway=5
            )  # fmt: skip
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        return None
    return {name: said[name] for name in ("exp", "sub", "aud")}


def signed(header: Any, payload: Any) -> str:
    """Signed with our secret, whatever it says."""
    bare = ".".join(jwt.utils.base64url_encode(json.dumps(part).encode()).decode() for part in (header, payload))
    signature = hmac.digest(SECRET.encode(), bare.encode(), "sha256")
    return f"{bare}.{jwt.utils.base64url_encode(signature).decode()}"


@settings(deadline=None, max_examples=500)
@given(headers, claims)
def test_what_we_accept_says_the_same_to_pyjwt(header: dict[str, Any], payload: dict[str, Any]) -> None:
    token = signed(header, payload)
    ours = by_us(token)
    assert ours is None or ours == by_pyjwt(token)


@given(
    exp=st.integers(LATER, NOW + 10**9) | st.floats(LATER, NOW + 1e9),
    aud=st.just("docuvault") | st.just(["another", "docuvault"]),
    sub=st.text(min_size=1),
)
def test_what_an_honest_issuer_makes_is_accepted_by_both(exp: float, aud: str | list[str], sub: str) -> None:
    token = jwt.encode({"exp": exp, "iat": NOW, "iss": "docuvault", "aud": aud, "sub": sub, "more": [1]}, SECRET)
    assert by_us(token) == by_pyjwt(token) == {"exp": exp, "aud": aud, "sub": sub}


@given(st.text(max_size=20), st.sampled_from(["user", "admin"]))
def test_what_we_sign_pyjwt_signs_to_the_byte(sub: str, role: str) -> None:
    said = {"sub": sub, "role": role, "exp": LATER}
    ours = OURS.sign(said)
    assert jwt.api_jws.get_unverified_header(ours) == {"alg": "HS256", "typ": "JWT"}
    assert jwt.decode(ours, SECRET, ["HS256"]) == said
    signature = jwt.api_jws.decode_complete(ours, SECRET, ["HS256"])["signature"]
    assert jwt.utils.base64url_encode(signature).decode() == ours.rpartition(".")[2]


@settings(deadline=None)
@given(st.integers(0, 200), st.characters())
def test_a_token_with_another_character_anywhere_is_refused(place: int, other: str) -> None:
    token = OURS.sign({"exp": LATER, "iss": "docuvault", "aud": "docuvault", "sub": "someone"})
    place %= len(token)
    if token[place] != other:
        with pytest.raises(InvalidTokenError):
            OURS.read(token[:place] + other + token[place + 1 :])
