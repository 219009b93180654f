"""The API against its own OpenAPI: no 5xx, no answer that is not described, nothing without a token.

Schemathesis makes the calls: by example, at every bound, at random, and along the links. In `make test` they are
the same each time, as far as the answers are, and few are at random. SCHEMA_EXAMPLES says how many are of each
operation, and has it walk as much further; SCHEMA_SEED says which ones.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from docuvault_contracts.events import INT64_MAX
from generator.openapi import openapi

from deploy.local.info import StackInfo
from deploy.local.stack import Stack
from services.chassis.auth import create_access_token
from tests.faults.support.stacks import own_stack
from tests.stack.support.api import Answer, Api, token_settings
from tests.stack.support.leaks import HandedOut
from tests.stack.support.provider import provided
from tests.stack.support.schema_run import MAX_SECONDS, Callers, Profile, run_schemathesis

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES") or 0)
SEED = int(os.environ.get("SCHEMA_SEED") or 1)
PROFILE = Profile(EXAMPLES, 2 * EXAMPLES, SEED) if EXAMPLES else Profile(examples=2, walks=6)
SERVICES = {
    "CLASSIFIER_CORRECTION_WAIT_SECONDS": "0.2",  # most of the documents that are filed by hand are nowhere
    "LLM_ALLOWED_NETWORKS": "127.0.0.0/8",  # where the one model is that the calls may name; nothing listens there
}
MOST_MISSED = 5
"""Calls of which none may have succeeded: what is about one thing does where a walk came by it in time."""
LEAST_LINKS = 10
"""A walk or two of 20 calls come along more; six of them along 30 or so, of 52."""
SOME_ID = "11111111-2222-4333-8444-555555555555"
API = openapi()


def _operations() -> Iterator[tuple[str, str, set[int]]]:
    for path, item in API["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, {int(status) for status in operation["responses"]}


OPERATIONS = tuple(_operations())
UNASKED = {
    f"{method.upper()} {path}"
    for path, item in API["paths"].items()
    for method, operation in item.items()
    if operation.get("security") == []
}
"""Those that want no token: of the sign-in, for which this stack has no provider."""


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """In place of the folder's: with the classifier, whose topics are a third of the API."""
    folder = tmp_path_factory.mktemp("schema")
    with own_stack(request, folder, provided, without_services=(), service_env=SERVICES) as stack:
        yield stack


@pytest.fixture(scope="module")
def info(stack: Stack) -> StackInfo:
    return stack.info


@pytest.mark.timeout(MAX_SECONDS + 60)
async def test_schemathesis_finds_no_5xx_and_no_answer_that_is_not_described(
    api: Api, info: StackInfo, handed_out: HandedOut, tmp_path: Path
) -> None:
    caller_id, settings = (await api.user(INT64_MAX)).user_id, token_settings(info)
    token, other_token = (
        create_access_token(caller_id, "admin", settings),
        create_access_token(uuid4(), "user", settings),
    )
    handed_out.tokens.update({token, other_token})
    callers = Callers(token, str(caller_id), other_token)
    told = await asyncio.to_thread(run_schemathesis, info.gateway_url, callers, tmp_path, PROFILE)
    handed_out.signatures.update(told.signatures)
    assert told.exit_code == 0, f"{PROFILE}\n{told.words}"
    answers = {f"{method} {path}": told.statuses(f"{method} {path}") for method, path, _ in OPERATIONS}
    assert [call for call, found in answers.items() if max(found) >= 500] == []
    assert len([call for call, found in answers.items() if min(found) >= 400 and call not in UNASKED]) <= MOST_MISSED
    assert told.walks >= PROFILE.walks
    assert told.links >= LEAST_LINKS
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
async def test_every_operation_described_wants_a_good_token_but_for_the_sign_in(
    api: Api, info: StackInfo, kind: str
) -> None:
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

    wanting = [(method, path) for method, path, _ in OPERATIONS if f"{method} {path}" not in UNASKED]
    answers = await asyncio.gather(*(ask(method, path) for method, path in wanting))
    found = {(answer.status, *answer.body, answer.headers["WWW-Authenticate"].partition(" ")[0]) for answer in answers}
    assert found == {(401, "detail", "Bearer")}
