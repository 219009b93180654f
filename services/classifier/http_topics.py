"""The caller's topics over HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from docuvault_contracts import http_topics as bodies

from services.chassis.web import HttpError, caller, json_response, note, read_body
from services.classifier.http_ids import ID, id_of, refused
from services.classifier.naming import refusal
from services.classifier.suggestions import Suggestions
from services.classifier.topics_store import TopicRefused, Topics

_DETAILS = {TopicRefused.NAME_TAKEN: bodies.TOPIC_NAME_TAKEN, TopicRefused.TOO_MANY: bodies.TOO_MANY_TOPICS}


@dataclass(frozen=True, slots=True)
class TopicRoutes:
    """The handlers of /api/topics."""

    topics: Topics
    suggestions: Suggestions

    def setup(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_get("/api/topics", self.list)
        app.router.add_post("/api/topics", self.create)
        app.router.add_get("/api/topics/suggestions", self.suggest)
        app.router.add_get(f"/api/topics/{ID}", self.get)
        app.router.add_patch(f"/api/topics/{ID}", self.change)
        app.router.add_delete(f"/api/topics/{ID}", self.delete)

    async def list(self, request: web.Request) -> web.Response:
        """200."""
        return json_response(bodies.TopicList(items=tuple(await self.topics.list(caller(request).user_id))))

    async def create(self, request: web.Request) -> web.Response:
        """201, 409 where the name is taken or there are too many, 422."""
        body = await read_body(request, bodies.TopicRequest)
        _check_name(body.name)
        made = _accepted(await self.topics.create(caller(request).user_id, body))
        note(request, topic_id=str(made.id))
        return json_response(made, 201)

    async def get(self, request: web.Request) -> web.Response:
        """200, 404."""
        topic_id = id_of(request, bodies.TOPIC_NOT_FOUND)
        return json_response(_accepted(await self.topics.get(caller(request).user_id, topic_id)))

    async def change(self, request: web.Request) -> web.Response:
        """200, 404, 409 where the name is taken, 422."""
        topic_id = id_of(request, bodies.TOPIC_NOT_FOUND)
        body = await read_body(request, bodies.TopicPatch)
        if body.name is not None:
            _check_name(body.name)
        return json_response(_accepted(await self.topics.change(caller(request).user_id, topic_id, body)))

    async def delete(self, request: web.Request) -> web.Response:
        """204, 404."""
        topic_id = id_of(request, bodies.TOPIC_NOT_FOUND)
        if not await self.topics.delete(caller(request).user_id, topic_id):
            raise HttpError(404, bodies.TOPIC_NOT_FOUND)
        return web.Response(status=204)

    async def suggest(self, request: web.Request) -> web.Response:
        """200, with none where there is too little to tell."""
        user_id = caller(request).user_id
        taken = [topic.name for topic in await self.topics.list(user_id)]
        return json_response(bodies.TopicSuggestions(items=tuple(await self.suggestions.suggest(user_id, taken))))


def _check_name(name: str) -> None:
    """Raises HttpError 422 for a name that could not be told from others."""
    if reason := refusal(name):
        raise refused(("name",), reason, "bad_name")


def _accepted(found: bodies.Topic | TopicRefused | None) -> bodies.Topic:
    """The topic. Raises HttpError where there is none."""
    if found is None:
        raise HttpError(404, bodies.TOPIC_NOT_FOUND)
    if isinstance(found, TopicRefused):
        raise HttpError(409, _DETAILS[found])
    return found
