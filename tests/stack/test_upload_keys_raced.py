"""One key under which three kinds of request come at once: one of them is made, once, and the others are told so."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from tests.stack.upload_service import Answer, open_service

FILE = {"filename": "a.txt", "content_type": "text/plain"}
ASKED: dict[str, object] = {"upload-url": FILE, "upload-urls": {"files": [FILE, FILE]}, "multipart": FILE}
ROUNDS, EACH = 5, 6


def made(answer: Answer) -> tuple[str, ...]:
    """The documents of an answer."""
    body: dict[str, Any] = answer[1]
    return tuple(each["document_id"] for each in body.get("uploads", [body]))


async def test_of_different_requests_that_race_under_one_key_one_is_made(stack: Any, database: str) -> None:
    async with open_service(stack.info, database) as service:
        for _ in range(ROUNDS):
            user, key = uuid4(), {"Idempotency-Key": "the same"}
            paths = [*ASKED] * EACH
            answers = await asyncio.gather(
                *(service.call("POST", f"/api/documents/{path}", user, ASKED[path], **key) for path in paths)
            )
            won = {path for path, answer in zip(paths, answers, strict=True) if answer[0] == 200}
            assert len(won) == 1, answers
            documents = {made(answer) for answer in answers if answer[0] == 200}
            assert len(documents) == 1
            refused = [answer for path, answer in zip(paths, answers, strict=True) if path not in won]
            assert {(status, body["detail"][0]["type"]) for status, body in refused} == {
                (422, "idempotency_key_reused")
            }
            assert [status for status, _ in answers].count(200) == EACH
            status, page = await service.call("GET", "/api/documents", user)
            assert (status, {item["id"] for item in page["items"]}) == (200, set(next(iter(documents))))
