"""What comes in as JSON or query parameters, checked against a model, and what goes out as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, TypeVar

import pydantic_core
from aiohttp import web
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)

MAX_PROBLEMS = 20
"""More than a person reads; a hostile body could name thousands."""


class HttpError(Exception):
    """The answer to a request that goes no further: `detail` is what the client reads, any JSON value."""

    def __init__(self, status: int, detail: object, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.headers = headers


def json_response(
    body: BaseModel | Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A JSON answer from a model, or from a mapping of whatever pydantic can write (UUIDs, times, models)."""
    raw = body.model_dump_json().encode() if isinstance(body, BaseModel) else pydantic_core.to_json(body)
    return web.Response(body=raw, status=status, headers=headers, content_type="application/json")


def error_response(status: int, detail: object, headers: Mapping[str, str] | None = None) -> web.Response:
    """An error in the one shape there is: `{"detail": …}`."""
    return json_response({"detail": detail}, status, headers)


async def read_body(request: web.Request, model: type[M]) -> M:
    """The request's body as `model`, read as JSON whatever its Content-Type says.

    Raises HttpError 422 that names each field that does not fit; a body beyond the limit is a 413.
    """
    raw = await request.read()
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise HttpError(422, problems("body", _closer(model, raw, error))) from None


def _closer(model: type[BaseModel], raw: bytes, error: ValidationError) -> ValidationError:
    """JSON may escape half a surrogate pair, which pydantic refuses before it knows the field: says which one it is."""
    if error.errors(include_url=False)[0]["type"] != "json_invalid":
        return error
    try:
        model.model_validate(json.loads(raw))
    except ValidationError as closer:
        return closer
    except (ValueError, RecursionError):
        return error
    return error


def read_query(request: web.Request, model: type[M]) -> M:
    """The query parameters as `model`; of a repeated one the last. Raises HttpError 422 that names each one."""
    try:
        return model.model_validate_strings(dict(request.query.items()))
    except ValidationError as error:
        raise HttpError(422, problems("query", error)) from None


def problems(where: Literal["body", "query"], error: ValidationError) -> list[dict[str, object]]:
    """What does not fit: `[{"loc": ["body", "filename"], "msg": …, "type": …}]`, without the values themselves."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return [
        {"loc": [where, *problem["loc"]], "msg": problem["msg"], "type": problem["type"]}
        for problem in found[:MAX_PROBLEMS]
    ]
