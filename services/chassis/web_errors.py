"""Whatever goes wrong in a handler becomes `{"detail": …}`; what is our fault is logged, once, and never told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.web_exceptions import HTTPException
from aiohttp.web_protocol import RequestPayloadError

from services.chassis.errors import Transient
from services.chassis.web_body import HttpError, error_response

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

RETRY_AFTER = {"Retry-After": "1"}
_DESCRIBES_THE_BODY = {"content-type", "content-length"}


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers for every exception but a cancellation."""
    try:
        return await handler(request)
    except (HttpError, HTTPException, RequestPayloadError) as error:
        return _refused(error)
    except (Transient, TimeoutError) as error:
        log.warning("http.unavailable", error=type(error).__name__, reason=str(error))
        return error_response(503, "Temporarily unavailable, try again", RETRY_AFTER)
    except Exception:
        log.exception("http.failed")
        return error_response(500, "Internal Server Error")


def _refused(error: HttpError | HTTPException | RequestPayloadError) -> web.Response:
    if isinstance(error, HttpError):
        return error_response(error.status, error.detail, error.headers)
    if isinstance(error, HTTPException):  # its headers say more: Allow, Location
        headers = {name: value for name, value in error.headers.items() if name.lower() not in _DESCRIBES_THE_BODY}
        return error_response(error.status, error.reason, headers)
    response = error_response(400, "The body is not what its headers say")
    response.force_close()  # where the next request would begin, nobody knows
    return response
