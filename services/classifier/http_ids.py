"""Ids in paths."""

from __future__ import annotations

import re
from uuid import UUID

from aiohttp import web

from services.chassis.web import HttpError

ID = "{id:[^/]+}"
"""The part of a route."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def id_of(request: web.Request, missing: str) -> UUID:
    """The id in the path. Raises HttpError 404, with `missing` for its detail, where it is none: nothing has it."""
    text = request.match_info["id"]
    if _UUID.fullmatch(text) is None:
        raise HttpError(404, missing)
    return UUID(text)


def refused(field: tuple[str | int, ...], reason: str, kind: str) -> HttpError:
    """The 422 about one field of the body."""
    return HttpError(422, [{"loc": ["body", *field], "msg": reason, "type": kind}])
