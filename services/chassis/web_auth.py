"""Every request proves who calls, but for the probes and for what says that it is for anybody."""

from __future__ import annotations

import functools
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Middleware

from services.chassis.auth import Caller
from services.chassis.auth_claims import InvalidTokenError
from services.chassis.health import PUBLIC
from services.chassis.web_body import HttpError
from services.chassis.web_errors import Handler

CALLER = web.RequestKey("caller", Caller)
REFUSED_BECAUSE = web.RequestKey("refused_because", str)
_UNASKED = "for_anybody"


class Verifier(Protocol):
    """Verifies a token; TokenVerifier is one."""

    async def verify(self, token: str) -> Caller:
        """Raises InvalidTokenError, or Transient where it cannot be told now."""
        ...


def caller(request: web.Request) -> Caller:
    """Who is calling; there is always one, but for the probes and what is `public`."""
    return request[CALLER]


def require_role(request: web.Request, role: str) -> Caller:
    """Who is calling, in `role`. Raises HttpError 403 for any other."""
    found = caller(request)
    if found.role != role:
        raise HttpError(403, f"Only for role {role}")
    return found


def public(handler: Handler) -> Handler:
    """The handler for anybody: whoever signs in has no token yet. Nobody is `caller` there."""

    @functools.wraps(handler)
    async def unasked(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    setattr(unasked, _UNASKED, True)
    return unasked


def authenticate(verifier: Verifier) -> Middleware:
    """The middleware: 401 without a good token. What no route serves is a 404 or 405 for anyone."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_public(request):
            request[CALLER] = await _verified(request, verifier)
        return await handler(request)

    return middleware


def _is_public(request: web.Request) -> bool:
    match = request.match_info
    resource = match.route.resource
    if match.http_exception is not None or getattr(match.handler, _UNASKED, False):
        return True
    return resource is not None and resource.canonical in PUBLIC


async def _verified(request: web.Request, verifier: Verifier) -> Caller:
    token = _bearer(request)
    if token is None:
        raise HttpError(401, "Not authenticated", {"WWW-Authenticate": "Bearer"})
    try:
        return await verifier.verify(token)
    except InvalidTokenError as error:
        request[REFUSED_BECAUSE] = str(error)
        raise HttpError(401, "Invalid token", {"WWW-Authenticate": 'Bearer error="invalid_token"'}) from None


def _bearer(request: web.Request) -> str | None:
    """The token, or None where there is none or several headers leave open which one counts."""
    given = request.headers.getall("Authorization", [])
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    return token.strip() or None if scheme.lower() == "bearer" else None
