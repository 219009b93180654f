"""A document's timeline by its row and its object, and who sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.upload.messages import document_deleted
from services.upload.steps import from_json
from tests.stack.upload_replicas import TRACE, Replica, rejected, reserved
from tests.stack.upload_service import Service, open_service

NOT_FOUND = (404, {"detail": "Document not found"})


@pytest.fixture
async def service(stack: Any, database: str) -> AsyncIterator[Service]:
    async with open_service(stack.info, database) as opened:
        yield opened


async def test_an_upload_is_told_step_by_step_with_what_it_waits_for(service: Service) -> None:
    user = uuid4()
    document = await service.upload(user)
    _, before = await service.call("GET", f"/api/documents/{document}/timeline", user)
    assert ([step["what"] for step in before["steps"]], before["waits_for"]["what"]) == (["signed"], "bytes")
    document = await service.upload(user, b"x" * 70)
    _, put = await service.call("GET", f"/api/documents/{document}/timeline", user)
    assert ([step["what"] for step in put["steps"]], put["waits_for"]["what"]) == (["signed", "arrived"], "decision")
    assert (await service.confirm(user, document))[0] == 200
    status, done = await service.call("GET", f"/api/documents/{document}/timeline", user)
    assert (status, done["id"], done["status"]) == (200, document, "uploaded")
    assert [(step["what"], step["source"]) for step in done["steps"]] == [
        ("signed", "upload"),
        ("arrived", "store"),
        ("reserved", "quota"),
    ]
    assert done["steps"][-1]["detail"] == {"size_bytes": 70, "used_bytes": 70, "limit_bytes": 1000}
    assert done["waits_for"]["what"] == "classification"


async def test_a_refused_document_still_tells_why_and_by_how_much(service: Service) -> None:
    user = uuid4()
    document = await service.upload(user, b"x" * 2000)
    assert (await service.confirm(user, document))[0] == 413
    status, told = await service.call("GET", f"/api/documents/{document}/timeline", user)
    assert (status, told["status"], told["waits_for"]) == (200, "rejected", None)
    assert told["steps"][-1]["detail"]["over_by_bytes"] == 1000
    assert await service.call("GET", f"/api/documents/{document}", user) == NOT_FOUND


async def test_a_foreign_an_unknown_and_a_deleted_document_have_none(service: Service) -> None:
    user = uuid4()
    document = await service.upload(user, b"x")
    assert await service.call("GET", f"/api/documents/{document}/timeline", uuid4()) == NOT_FOUND
    assert await service.call("GET", f"/api/documents/{uuid4()}/timeline", user) == NOT_FOUND
    assert await service.call("GET", "/api/documents/nonsense/timeline", user) == NOT_FOUND
    assert (await service.call("DELETE", f"/api/documents/{document}", user))[0] == 204
    assert await service.call("GET", f"/api/documents/{document}/timeline", user) == NOT_FOUND


async def test_each_step_is_written_once_whoever_replays_it(replica: Replica) -> None:
    document = await replica.make()
    for _ in range(3):
        await replica.hear(reserved(document), rejected(document, 2))
    assert [step.what for step in from_json((await replica.row(document)).steps)] == ["reserved", "refused"]


async def test_what_its_owner_deleted_keeps_no_steps(replica: Replica) -> None:
    document = await replica.make()
    await replica.hear(reserved(document))
    assert from_json((await replica.row(document)).steps)
    await replica.documents.delete(document, document_deleted(document, document.created_at, TRACE))
    await replica.hear(rejected(document, 2))
    assert from_json((await replica.row(document)).steps) == []


@pytest.mark.parametrize("at_once", [1, 7, 60])
async def test_of_very_many_steps_the_first_and_the_newest_stay_and_it_is_told_how_many_do_not(
    replica: Replica, at_once: int
) -> None:
    document, began = await replica.make(), datetime(2026, 1, 1, tzinfo=UTC)
    versions = range(1, 121)
    for start in range(0, 120, at_once):
        batch = versions[start : start + at_once]
        await replica.hear(
            *(reserved(document, each, decided_at=began + timedelta(seconds=each), used_bytes=each) for each in batch)
        )
    steps = from_json((await replica.row(document)).steps)
    assert len(steps) == 50
    told = [step.detail.get("used_bytes") for step in steps]
    assert told == [*range(1, 11), None, *range(82, 121)]
    assert (steps[10].what, steps[10].detail, steps[10].at) == (
        "left_out",
        {"steps": 71},
        began + timedelta(seconds=81),
    )
