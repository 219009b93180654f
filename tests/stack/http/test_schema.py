"""The API against its own OpenAPI: no 5xx, no answer that is not described, nothing without a token.

Schemathesis makes the calls: by example, at every bound, at random, and along the links. SCHEMA_EXAMPLES says how many
it makes of each operation at random, SCHEMA_SEED which ones; both are printed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from generator.openapi import openapi

from deploy.local.info import StackInfo
from deploy.local.stack import Stack
from services.chassis.auth import create_access_token
from tests.faults.support.stacks import own_stack
from tests.stack.support.api import Answer, Api, token_settings
from tests.stack.support.leaks import HandedOut
from tests.stack.support.schema_run import run_schemathesis

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES") or 6)
SEED = int(os.environ.get("SCHEMA_SEED") or 1)
SOME_ID = "11111111-2222-4333-8444-555555555555"
API = openapi()


def _operations() -> Iterator[tuple[str, str, set[int]]]:
    for path, item in API["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, {int(status) for status in operation["responses"]}


OPERATIONS = tuple(_operations())


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """In place of the folder's: with the classifier, whose topics are a third of the API."""
    with own_stack(request, tmp_path_factory.mktemp("schema"), without_services=()) as stack:
        yield stack


@pytest.fixture(scope="module")
def info(stack: Stack) -> StackInfo:
    return stack.info


@pytest.mark.skipif("SCHEMA_EXAMPLES" not in os.environ, reason="runs where SCHEMA_EXAMPLES asks for it")
async def test_schemathesis_finds_no_5xx_and_no_answer_that_is_not_described(
    api: Api, info: StackInfo, handed_out: HandedOut, tmp_path: Path
) -> None:
    print(f"SCHEMA_EXAMPLES={EXAMPLES} SCHEMA_SEED={SEED}")  # noqa: T201 - shown where the test fails
    user = await api.user()
    token = create_access_token(user.user_id, "admin", token_settings(info))
    handed_out.tokens.add(token)
    told = await asyncio.to_thread(run_schemathesis, info.gateway_url, token, tmp_path, examples=EXAMPLES, seed=SEED)
    handed_out.signatures.update(told.signatures)
    assert told.exit_code == 0, told.words
    calls = [f"{method} {path}" for method, path, _ in OPERATIONS if path != "/api/events"]
    answers = {call: told.statuses(call) for call in calls}
    assert [call for call, found in answers.items() if not any(status < 400 for status in found)] == []
    assert [call for call, found in answers.items() if max(found) >= 500] == []
    assert told.signatures


def _expired(info: StackInfo) -> str:
    now = datetime.now(UTC)
    claims = {
        "sub": SOME_ID,
        "role": "admin",
        "iss": info.jwt_issuer,
        "aud": info.jwt_audience,
        "iat": now - timedelta(minutes=10),
        "exp": now - timedelta(minutes=5),
    }
    return jwt.encode(claims, info.jwt_secret, algorithm="HS256")


@pytest.mark.parametrize("kind", ["missing", "empty", "malformed", "of another scheme", "expired"])
async def test_every_operation_described_wants_a_good_token(api: Api, info: StackInfo, kind: str) -> None:
    header: Mapping[str, str] = {
        "missing": "",
        "empty": "Bearer ",
        "malformed": "Bearer a.b.c",
        "of another scheme": "Basic dXNlcjpwYXNz",
        "expired": f"Bearer {_expired(info)}",
    }
    caller = api.stranger()

    async def ask(method: str, path: str) -> Answer:
        there = path.replace("{id}", SOME_ID).replace("{document_id}", SOME_ID).replace("{user_id}", SOME_ID)
        return await caller.call(method, there, data=b"{}", headers={"Authorization": header[kind]})

    answers = await asyncio.gather(*(ask(method, path) for method, path, _ in OPERATIONS))
    found = {(answer.status, *answer.body, answer.headers["WWW-Authenticate"].partition(" ")[0]) for answer in answers}
    assert found == {(401, "detail", "Bearer")}
