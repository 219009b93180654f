"""How long a request may take: one time for all, and another where a route says so."""

from __future__ import annotations

import asyncio
import functools

from aiohttp import web
from aiohttp.typedefs import Middleware

from services.chassis.web_errors import Handler

_SECONDS = "within_seconds"


def within(seconds: float | None, handler: Handler) -> Handler:
    """The handler with a time of its own, in seconds; None for one that bounds itself or lasts as its client does."""

    @functools.wraps(handler)
    async def limited(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    setattr(limited, _SECONDS, seconds)
    return limited


def limit_time(default_seconds: float) -> Middleware:
    """The middleware: raises TimeoutError, in whatever the handler waits for, once its time is over."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        async with asyncio.timeout(getattr(request.match_info.handler, _SECONDS, default_seconds)):
            return await handler(request)

    return middleware
