"""The HTTP side of a service: what a service's http.py and __main__.py need is here.

def setup(app: web.Application) -> None:
    app.router.add_get("/api/auth/me/quota", routes.quota)
    app.router.add_post("/api/documents/{id}/confirm", within(settings.confirm_wait_seconds + 5, routes.confirm))

app = make_app(settings, TokenVerifier(settings), ready={"postgres": ping}, setup=setup)
await serve(app, settings, stop)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aiohttp import web

from services.chassis.health import Check, add_probes
from services.chassis.settings import HttpSettings
from services.chassis.web_auth import Verifier, authenticate, caller, public, require_role
from services.chassis.web_body import HttpError, error_response, json_response, read_body, read_query
from services.chassis.web_errors import Handler, answer_errors
from services.chassis.web_limits import RateLimit
from services.chassis.web_observe import add_headers, note, observe, request_id, traceparent
from services.chassis.web_routes import keep_to_path
from services.chassis.web_server import hang_up, listening, serve
from services.chassis.web_time import limit_time, within


def make_app(
    settings: HttpSettings,
    verifier: Verifier,
    *,
    ready: Mapping[str, Check],
    setup: Callable[[web.Application], None],
) -> web.Application:
    """An application with the probes and with what `setup` adds.

    Every other route needs a token unless it is `public`, has `request_timeout_seconds` unless `within` says otherwise,
    takes bodies up to `max_body_bytes`, and answers whatever goes wrong in one shape.
    """
    app = web.Application(
        client_max_size=settings.max_body_bytes,
        middlewares=[
            observe,
            answer_errors,
            limit_time(settings.request_timeout_seconds),
            keep_to_path,
            authenticate(verifier),
        ],
    )
    app.on_response_prepare.append(add_headers)
    add_probes(app, ready, settings.ready_timeout_seconds)
    setup(app)
    return app


__all__ = [
    "Handler",
    "HttpError",
    "RateLimit",
    "Verifier",
    "caller",
    "error_response",
    "hang_up",
    "json_response",
    "listening",
    "make_app",
    "note",
    "public",
    "read_body",
    "read_query",
    "request_id",
    "require_role",
    "serve",
    "traceparent",
    "within",
]
