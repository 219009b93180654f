"""A small service on the HTTP chassis, on a real socket, for the tests of the chassis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from aiohttp import ClientResponse, ClientSession, web
from pydantic import BaseModel, ConfigDict, Field

from services.chassis.auth import TokenVerifier, create_access_token
from services.chassis.errors import Transient
from services.chassis.health import Check
from services.chassis.settings import HttpSettings, TokenSettings
from services.chassis.web import (
    caller,
    json_response,
    listening,
    make_app,
    read_body,
    read_query,
    request_id,
    require_role,
    traceparent,
    within,
)

USER = UUID("3d0f2f3a-9a30-4d2f-8f3c-0f6a6f0f3b11")
TOKENS = TokenSettings(jwt_secret="a secret of the tests, long enough")
HTTP = HttpSettings(http_port=0, request_timeout_seconds=0.6, ready_timeout_seconds=0.6, max_body_bytes=1000)
BEARER = {"Authorization": f"Bearer {create_access_token(USER, 'user', TOKENS)}"}
ADMIN = {"Authorization": f"Bearer {create_access_token(USER, 'admin', TOKENS)}"}


class File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    filename: str
    tags: list[int] = []


class Page(BaseModel):
    limit: int = Field(50, ge=1, le=100)


async def who(request: web.Request) -> web.Response:
    body = {"user_id": caller(request).user_id, "id": request_id(request), "trace": traceparent(request)}
    return json_response(body, 201, {"X-More": "yes"})


async def take(request: web.Request) -> web.Response:
    return json_response(await read_body(request, File))


async def page(request: web.Request) -> web.Response:
    return json_response(read_query(request, Page))


async def admin(request: web.Request) -> web.Response:
    return json_response({"role": require_role(request, "admin").role})


async def bug(_: web.Request) -> web.Response:
    raise RuntimeError("a password")


async def away(_: web.Request) -> web.Response:
    raise Transient("kafka is away")


async def slow(_: web.Request) -> web.Response:
    await asyncio.sleep(1)
    return json_response({})


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"event")
    return response


def add_routes(app: web.Application) -> None:
    app.router.add_get("/who", who)
    app.router.add_post("/files/{id}", take)
    app.router.add_delete("/files/{id}", admin)
    app.router.add_put("/files/many", who)
    app.router.add_get("/page", page)
    app.router.add_get("/admin", admin)
    app.router.add_get("/bug", bug)
    app.router.add_get("/away", away)
    app.router.add_get("/slow", slow)
    app.router.add_get("/patient", within(20, slow))
    app.router.add_get("/endless", within(None, slow))
    app.router.add_get("/stream", stream)


async def fine() -> None:
    """A dependency that is there."""


async def hanging() -> None:
    await asyncio.sleep(60)


async def broken() -> None:
    raise ValueError("a password")


async def gone() -> None:
    raise Transient("the broker is away")


CHECKS = {"postgres": fine}


@asynccontextmanager
async def running(checks: Mapping[str, Check] = CHECKS) -> AsyncIterator[ClientSession]:
    """A client of the service, which runs inside the block."""
    app = make_app(HTTP, TokenVerifier(TOKENS), ready=checks, setup=add_routes)
    async with listening(app, HTTP) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session


async def detail_of(response: ClientResponse) -> Any:
    """What the client reads; nothing else is in the body of an error."""
    assert response.content_type == "application/json"
    body = await response.json()
    assert list(body) == ["detail"]
    return body["detail"]
