"""A request about one document as a command."""

from __future__ import annotations

import re
from uuid import UUID

from aiohttp import web
from docuvault_contracts.http import DOCUMENT_NOT_FOUND

from services.chassis.web import HttpError, caller, traceparent
from services.upload.ports import Command

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def command_of(request: web.Request) -> Command:
    """Raises HttpError 404 for an id that is none: no document has it."""
    text = request.match_info["id"]
    if _UUID.fullmatch(text) is None:
        raise not_found()
    return Command(caller(request).user_id, UUID(text), traceparent(request), lambda: _hung_up(request))


def _hung_up(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def not_found() -> HttpError:
    """The one answer for what does not exist, is another's, or is gone."""
    return HttpError(404, DOCUMENT_NOT_FOUND)
