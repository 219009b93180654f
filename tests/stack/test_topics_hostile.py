"""Each field of each body with each thing that does not belong there: the answer names it, and is no error of ours."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from copy import deepcopy
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.stack.classifier_service import Service, open_classifier

ID = "99999999-8888-4777-8666-555555555555"
BODIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a new topic": ("POST", "/api/topics", {"name": "a", "description": "d", "keywords": ["k"]}),
    "a changed topic": ("PATCH", "/api/topics/{topic}", {"name": "a", "description": "d", "keywords": ["k"]}),
    "settings": (
        "PUT",
        "/api/auth/me/classification",
        {
            "mode": "llm",
            "threshold": 0.5,
            "most_topics": 3,
            "llm": {"url": "https://llm.example.com", "model": "m", "key": "k", "fall_back": True},
        },
    ),
    "a correction": ("PUT", "/api/documents/{document}/topics", {"topic_ids": [ID]}),
}
HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 10**400, 0.1, -0.0, 1e308, float("nan"), float("inf"), "", " ", "\0",
    "a\0b", "\ud800", "\u202e", "\u200b", "\ufeff", "\r\n", "x" * 30_000, "\U0001f4c4" * 5_000, "%00", "{}", "null",
    "1", "0.5", "javascript:alert(1)", "http://", "https://[", "https://a:b@c", "http://\0", "https://xn--a", [], [[]],
    [None], ["\0"], [ID, ID], [ID] * 500, ["a"] * 3_000, {}, {"": 0}, {"key": {"key": {}}},
)  # fmt: skip
FINE = {200, 201, 404, 409, 413, 422}


@pytest.fixture
async def service(database: str) -> AsyncIterator[Service]:
    async with open_classifier(database, wait_seconds=0) as opened:
        yield opened


def bodies(good: Mapping[str, Any]) -> Iterator[object]:
    """The body with each of its fields, and itself, replaced by each hostile value; and with the field left out."""
    for path in paths(good):
        for value in HOSTILE:
            changed = deepcopy(dict(good))
            whole = {"": changed}
            *parents, last = ("", *path)
            inner: Any = whole
            for name in parents:
                inner = inner[name]
            inner[last] = value
            yield whole[""]


def paths(good: Mapping[str, Any], *above: str) -> Iterator[tuple[str, ...]]:
    yield above
    for name, value in good.items():
        if isinstance(value, dict):
            yield from paths(value, *above, name)
        else:
            yield (*above, name)


@pytest.mark.parametrize("which", BODIES)
async def test_no_field_can_hold_what_makes_an_error_of_ours(service: Service, which: str) -> None:
    user = uuid4()
    method, path, good = BODIES[which]
    target = path.format(topic=await service.topic(user, "mine"), document=await service.store(user))
    for body in bodies(good):
        await ask(service, user, method, target, json.dumps(body).encode())


@pytest.mark.parametrize("depth", [100, 10_000])
async def test_nesting_without_end_is_refused(service: Service, depth: int) -> None:
    for method, path, _ in BODIES.values():
        target = path.format(topic=uuid4(), document=uuid4())
        await ask(service, uuid4(), method, target, b'{"name":' + b"[" * depth + b"]" * depth + b"}")


async def ask(service: Service, user: UUID, method: str, path: str, raw: bytes) -> None:
    """One answer that is fine: of a 422 all that is wrong is in the body."""
    status, answer = await service.call(method, path, user, raw)
    assert status in FINE, (status, answer, raw[:200])
    if status == 422:
        assert {problem["loc"][0] for problem in answer["detail"]} == {"body"}
