"""The HTTP side of a service: what a service's http.py and __main__.py need is here.

def setup(app: web.Application) -> None:
    app.router.add_get("/api/auth/me/quota", routes.quota)
    app.router.add_post("/api/documents/{id}/confirm", within(settings.confirm_wait_seconds + 5, routes.confirm))

app = make_app(settings, TokenVerifier(settings), ready={"postgres": ping}, setup=setup)
await serve(app, settings, stop)
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Middleware

from services.chassis.health import Check, add_probes
from services.chassis.settings import HttpSettings
from services.chassis.web_auth import Verifier, authenticate, caller, require_role
from services.chassis.web_body import HttpError, error_response, json_response, read_body, read_query
from services.chassis.web_errors import Handler, answer_errors
from services.chassis.web_observe import add_headers, observe, request_id, traceparent
from services.chassis.web_server import listening, serve

_SECONDS = "within_seconds"


def make_app(
    settings: HttpSettings,
    verifier: Verifier,
    *,
    ready: Mapping[str, Check],
    setup: Callable[[web.Application], None],
) -> web.Application:
    """An application with the probes and with what `setup` adds.

    Every other route needs a token, has `request_timeout_seconds` unless `within` says otherwise, takes bodies up to
    `max_body_bytes`, and answers whatever goes wrong in one shape.
    """
    app = web.Application(
        client_max_size=settings.max_body_bytes,
        middlewares=[
            observe,
            answer_errors,
            _limit_time(settings.request_timeout_seconds),
            authenticate(verifier),
        ],
    )
    app.on_response_prepare.append(add_headers)
    add_probes(app, ready, settings.ready_timeout_seconds)
    setup(app)
    return app


def within(seconds: float | None, handler: Handler) -> Handler:
    """The handler with a time of its own, in seconds; None for a stream that lasts as long as its client."""

    @functools.wraps(handler)
    async def limited(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    setattr(limited, _SECONDS, seconds)
    return limited


def _limit_time(default_seconds: float) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        async with asyncio.timeout(getattr(request.match_info.handler, _SECONDS, default_seconds)):
            return await handler(request)

    return middleware


__all__ = [
    "Handler",
    "HttpError",
    "Verifier",
    "caller",
    "error_response",
    "json_response",
    "listening",
    "make_app",
    "read_body",
    "read_query",
    "request_id",
    "require_role",
    "serve",
    "traceparent",
    "within",
]
