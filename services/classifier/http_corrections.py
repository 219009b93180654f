"""Documents filed by hand, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from aiohttp import web
from docuvault_contracts import http, http_topics

from services.chassis.web import HttpError, caller, json_response, note, read_body, traceparent, within
from services.classifier.corrections import Absent, Corrected, Corrections, UnknownTopics
from services.classifier.http_ids import ID, id_of

WILL_BE_CLASSIFIED = "The document will be classified again"
NOTHING_TO_UNDO = "The document was not filed by hand"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.4
_WORK_SECONDS = 5.0
"""What a request may take beside its wait."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CorrectionRoutes:
    """The handlers of /api/documents/{id}/topics.

    `wait_seconds` is how long a document is waited for that has not been heard of: what was decided about it is on its
    way.
    """

    corrections: Corrections
    wake: Callable[[], None]
    wait_seconds: float

    def setup(self, app: web.Application) -> None:
        """Adds the routes."""
        path, seconds = f"/api/documents/{ID}/topics", self.wait_seconds + _WORK_SECONDS
        app.router.add_put(path, within(seconds, self.put))
        app.router.add_delete(path, within(seconds, self.delete))

    async def put(self, request: web.Request) -> web.Response:
        """200, 404, 422."""
        document_id = _document_id(request)
        wanted = (await read_body(request, http_topics.DocumentTopicsRequest)).topic_ids
        user_id, trace = caller(request).user_id, traceparent(request)
        filed: Corrected | UnknownTopics = await self._found(
            lambda: self.corrections.correct(user_id, document_id, wanted, trace)
        )
        if isinstance(filed, UnknownTopics):
            raise _unknown(wanted, filed.topic_ids)
        self._wake(enters=filed.enters)
        topics = tuple(http.DocumentTopic.model_validate(topic.model_dump()) for topic in filed.topics)
        return json_response(http_topics.DocumentTopics(id=document_id, topics=topics))

    async def delete(self, request: web.Request) -> web.Response:
        """202, 404."""
        document_id = _document_id(request)
        user_id, trace = caller(request).user_id, traceparent(request)
        undone = await self._found(lambda: self.corrections.undo(user_id, document_id, trace))
        self._wake(enters=undone.enters)
        detail = WILL_BE_CLASSIFIED if undone.enters else NOTHING_TO_UNDO
        return json_response(http.Accepted(id=document_id, status="classified", detail=detail), 202)

    async def _found(self, ask: Callable[[], Awaitable[T | Absent]]) -> T:
        """What comes of asking, again for a while where the document may be on its way. Raises HttpError 404."""
        end, pause = asyncio.get_running_loop().time() + self.wait_seconds, _FIRST_PAUSE
        while isinstance(found := await ask(), Absent):
            left = end - asyncio.get_running_loop().time()
            if found is Absent.GONE or left <= 0:
                raise HttpError(404, http.DOCUMENT_NOT_FOUND)
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 2, _LONGEST_PAUSE)
        return found

    def _wake(self, *, enters: bool) -> None:
        if enters:
            self.wake()


def _document_id(request: web.Request) -> UUID:
    document_id = id_of(request, http.DOCUMENT_NOT_FOUND)
    note(request, document_id=str(document_id))
    return document_id


def _unknown(wanted: Sequence[UUID], unknown: Sequence[UUID]) -> HttpError:
    """The 422 that names each topic that there is not, by its place."""
    return HttpError(
        422,
        [
            {"loc": ["body", "topic_ids", wanted.index(each)], "msg": f"there is no topic {each}", "type": "no_topic"}
            for each in unknown
        ],
    )
