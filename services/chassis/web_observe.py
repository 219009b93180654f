"""What is seen of a request: one line, one measurement, an id and a trace that everything it causes carries."""

from __future__ import annotations

import re
import secrets
import time
from functools import cache

import structlog
from aiohttp import web
from prometheus_client import Histogram

from services.chassis.health import LEAVING, PUBLIC
from services.chassis.logging import caused_by
from services.chassis.metrics import REGISTRY
from services.chassis.tracing import Span, serving, unsampled
from services.chassis.tracing_context import trace_id_of
from services.chassis.web_auth import CALLER, REFUSED_BECAUSE
from services.chassis.web_errors import Handler

log = structlog.get_logger(__name__)

REQUEST_ID = web.RequestKey("request_id", str)
TRACEPARENT = web.RequestKey("traceparent", str)
_NOTES = web.RequestKey("notes", dict[str, object])
BROKEN = 500
ABORTED = 499
"""Status that is logged where the handler was cancelled before it had one."""

SECONDS = Histogram(
    "docuvault_http_request_seconds",
    "a request's time in the service",
    ("method", "route", "status"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id(request: web.Request) -> str:
    """The id that the client sent, where it is short and plain, or a new one."""
    return request[REQUEST_ID]


def traceparent(request: web.Request) -> str:
    """W3C trace context for what the request causes: the client's trace, or a new one, with a span of its own."""
    return request[TRACEPARENT]


def note(request: web.Request, **facts: object) -> None:
    """What the request's one line tells beside the rest."""
    request[_NOTES].update(facts)


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost middleware: what it sees is what the client gets."""
    span = _span_of(request)
    request[REQUEST_ID], request[TRACEPARENT], request[_NOTES] = _id_of(request), span.traceparent, {}
    started, status = time.perf_counter(), ABORTED
    with span, caused_by({"request_id": request_id(request), "trace_id": trace_id_of(span.traceparent)}):
        try:
            response = await handler(request)
            status = response.status
        finally:
            span.note("http.response.status_code", status)
            if status >= BROKEN:
                span.fail(str(status))
            _record(request, status, time.perf_counter() - started)
    return response


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For every answer, streamed ones too: its request id, and that nobody stores or guesses what it is.

    A process that is about to be stopped keeps no connection: the next request of who holds one opens it elsewhere.
    """
    if request.app[LEAVING].is_set():
        response.force_close()
        response.headers["Connection"] = "close"  # the hook runs after aiohttp has written its own
    if REQUEST_ID in request:
        response.headers["X-Request-Id"] = request_id(request)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")


def _record(request: web.Request, status: int, seconds: float) -> None:
    method, route = _method_of(request), _route_of(request)
    _seconds(method, route, status).observe(seconds)
    facts: dict[str, object] = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
    if CALLER in request:
        facts["user_id"] = str(request[CALLER].user_id)
    if REFUSED_BECAUSE in request:
        facts["refused_because"] = request[REFUSED_BECAUSE]
    _level(route, status)("http.request", **facts, **request[_NOTES])


@cache
def _seconds(method: str, route: str, status: int) -> Histogram:
    """There are as many as the service has routes, methods and answers."""
    return SECONDS.labels(method, route, str(status))


def _route_of(request: web.Request) -> str:
    """The template, never the path: a path may hold anything, and a label for each would be one too many."""
    resource = request.match_info.route.resource
    return "unmatched" if resource is None else resource.canonical


def _level(route: str, status: int) -> structlog.typing.WrappedLogger:
    if status >= BROKEN:
        return log.warning
    return log.debug if route in PUBLIC else log.info


def _id_of(request: web.Request) -> str:
    given = request.headers.get("X-Request-Id", "")
    return given if _PLAIN_ID.fullmatch(given) else secrets.token_hex(16)


def _span_of(request: web.Request) -> Span:
    """None of what is asked every second by who looks after the service."""
    route, method = _route_of(request), _method_of(request)
    given = request.headers.get("traceparent", "")
    if route in PUBLIC:
        return unsampled(given)
    return serving(given, f"{method} {route}", {"http.request.method": method, "http.route": route})


def _method_of(request: web.Request) -> str:
    return request.method if request.method in _METHODS else "OTHER"
