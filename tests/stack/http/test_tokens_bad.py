"""Tokens that prove nothing open nothing, on every route."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest

from deploy.local.info import StackInfo
from deploy.local.stack import Stack
from tests.stack.support.api import Answer, Api, Client
from tests.stack.support.routes import ROUTES, Route

Forge = Callable[[StackInfo, str], str]


def _claims(info: StackInfo, subject: str, **changes: object) -> dict[str, Any]:
    """Claims of an administrator's good token, changed; a change to None leaves the claim out."""
    now = datetime.now(UTC)
    good = {
        "sub": subject,
        "role": "admin",
        "iss": info.jwt_issuer,
        "aud": info.jwt_audience,
        "iat": now,
        "exp": now + timedelta(minutes=5),
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def _signed(**changes: object) -> Forge:
    return lambda info, sub: jwt.encode(_claims(info, sub, **changes), info.jwt_secret, algorithm="HS256")


def _unsigned(algorithm: str) -> Forge:
    def forge(info: StackInfo, sub: str) -> str:
        claims = jwt.encode(_claims(info, sub), info.jwt_secret, algorithm="HS256").split(".")[1]
        header = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()).decode().rstrip("=")
        return f"{header}.{claims}."

    return forge


def _tampered(info: StackInfo, sub: str) -> str:
    header, _, signature = _signed()(info, str(uuid4())).split(".")
    return f"{header}.{_signed()(info, sub).split('.')[1]}.{signature}"


def _ago(**past: float) -> datetime:
    return datetime.now(UTC) - timedelta(**past)


FORGED: Mapping[str, Forge] = {
    "expired": _signed(exp=_ago(minutes=1)),
    "not valid yet": _signed(nbf=datetime.now(UTC) + timedelta(hours=1)),
    "wrong key": lambda info, sub: jwt.encode(_claims(info, sub), "w" * 64, algorithm="HS256"),
    "no signature": _unsigned("HS256"),
    "alg none": _unsigned("none"),
    "alg None": _unsigned("None"),
    "another algorithm": lambda info, sub: jwt.encode(_claims(info, sub), info.jwt_secret, algorithm="HS384"),
    "another audience": _signed(aud="another"),
    "no audience": _signed(aud=None),
    "another issuer": _signed(iss="https://evil.example"),
    "no issuer": _signed(iss=None),
    "no expiry": _signed(exp=None),
    "no subject": _signed(sub=None),
    "a subject that is no user": _signed(sub="root"),
    "a role that is no text": _signed(role=["admin"]),
    "another's signature": _tampered,
    "garbage": lambda _info, _sub: "garbage",
    "dots": lambda _info, _sub: "..",
    "no base64": lambda _info, _sub: "!!!.???.***",
    "very long": lambda _info, _sub: "a" * 20_000,
}


def test_the_good_token_that_all_of_these_are_made_from_is_good(stack: Stack) -> None:
    claims = jwt.decode(
        _signed()(stack.info, "x"), stack.info.jwt_secret, algorithms=["HS256"], audience=stack.info.jwt_audience
    )
    assert claims["role"] == "admin"


async def test_the_good_token_opens(api: Api, stack: Stack) -> None:
    user = await api.user()
    assert (await api.bearer(_signed()(stack.info, str(user.user_id))).quota()).status == 200


@pytest.mark.parametrize("kind", FORGED)
async def test_a_bad_token_is_a_401_on_every_route(api: Api, stack: Stack, kind: str) -> None:
    user = await api.user()
    upload = await user.begin()
    forged = api.bearer(FORGED[kind](stack.info, str(user.user_id)))
    routes = [route.of(upload.document_id, user.user_id) for route in ROUTES]
    answers = await asyncio.gather(*(_ask(forged, route) for route in routes))
    assert [_shape(answer) for answer in answers] == [REFUSED] * len(routes)
    assert await user.status_of(upload) == "pending"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Token abc", "null"])
async def test_no_token_is_a_401_on_every_route(api: Api, header: str) -> None:
    user = await api.user()
    upload = await user.begin()
    routes = [route.of(upload.document_id, user.user_id) for route in ROUTES]
    answers = await asyncio.gather(*(_ask(user, route, {"Authorization": header}) for route in routes))
    assert [_shape(answer) for answer in answers] == [REFUSED] * len(routes)


async def test_a_token_in_the_query_is_none(api: Api, stack: Stack) -> None:
    user = await api.user()
    token = _signed()(stack.info, str(user.user_id))
    answer = await user.call("GET", f"/api/documents?access_token={token}", headers={"Authorization": ""})
    assert _shape(answer) == REFUSED


REFUSED = (401, ["detail"], True, "Bearer")


def _shape(answer: Answer) -> tuple[int, list[str], bool, str]:
    challenge = answer.headers.get("WWW-Authenticate", "").partition(" ")[0]
    return answer.status, list(answer.body), isinstance(answer.body["detail"], str), challenge


async def _ask(caller: Client, route: Route, headers: Mapping[str, str] | None = None) -> Answer:
    return await caller.call(route.method, route.path, data=route.body, headers=headers)
