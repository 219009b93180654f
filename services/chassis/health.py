"""The probes: is the process alive, is it ready for work, what did it measure."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from prometheus_client import Counter, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from services.chassis.errors import Transient
from services.chassis.metrics import REGISTRY
from services.chassis.web_body import error_response, json_response
from services.chassis.web_time import within

PUBLIC = frozenset({"/healthz", "/readyz", "/metrics"})
"""What answers without a token; the gateway does not route to it."""

Check = Callable[[], Awaitable[None]]

LEAVING = web.AppKey("leaving", asyncio.Event)
"""Set where the process is about to be stopped: it works on, and asks gateways to send their requests elsewhere."""

PROBES = Counter("docuvault_http_probes", "answers of /healthz", ("answer",), registry=REGISTRY)


def add_probes(app: web.Application, checks: Mapping[str, Check], timeout_seconds: float) -> None:
    """Adds the three routes. A check raises where what it looks at is not ready, and has `timeout_seconds`."""

    async def readyz(_: web.Request) -> web.Response:
        return await _readiness(checks, timeout_seconds)

    app[LEAVING] = asyncio.Event()
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", within(None, readyz))  # its checks are bounded, each by itself
    app.router.add_get("/metrics", _metrics)


async def _healthz(request: web.Request) -> web.Response:
    """200, or 503 from a process that is about to be stopped; whoever stops it counts who has been told."""
    leaving = request.app[LEAVING].is_set()
    PROBES.labels("leaving" if leaving else "alive").inc()
    return error_response(503, "About to stop") if leaving else json_response({"status": "alive"})


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _readiness(checks: Mapping[str, Check], timeout_seconds: float) -> web.Response:
    reasons = await asyncio.gather(*(_reason(check, timeout_seconds) for check in checks.values()))
    missing = {name: reason for name, reason in zip(checks, reasons, strict=True) if reason is not None}
    if missing:
        return error_response(503, {"not_ready": missing}, {"Retry-After": "1"})
    return json_response({"status": "ready", "checks": sorted(checks)})


async def _reason(check: Check, timeout_seconds: float) -> str | None:
    """Why it is not ready, or None. Only messages of our own are told, a driver's may name hosts and roles."""
    try:
        async with asyncio.timeout(timeout_seconds):
            await check()
    except Transient as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return type(error).__name__
    return None
