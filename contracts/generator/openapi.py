"""OpenAPI 3.1 from the declared operations and the models of their bodies."""

from __future__ import annotations

import re

from docuvault_contracts import http, http_uploads
from pydantic.json_schema import models_json_schema

from generator import examples
from generator.files import JsonObject
from generator.links import links_of
from generator.operation import ALWAYS, UNAVAILABLE, Answer, Operation, Stream
from generator.operations import ALL
from generator.schemas import BODIES, DIALECT, mode_of, opened

PATH = "openapi.json"
_REF = "#/components/schemas/{model}"
_INFO = {
    "title": "docuvault",
    "version": "1.0.0",
    "summary": "Documents that go straight to the object store, within a quota that cannot be overrun",
    "description": "Ask for a URL, PUT the bytes to it, confirm. Clients must expect fields they do not know.",
}

_KEY: JsonObject = {
    "name": http_uploads.IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "any text of the client's own: sent again under the same key, the same request makes nothing twice"
    " and is answered with the same documents. Kept for 24 hours",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": http_uploads.IDEMPOTENCY_KEY_PATTERN},
}


def openapi() -> JsonObject:
    """The whole document."""
    paths: dict[str, JsonObject] = {}
    for operation in ALL:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "jsonSchemaDialect": DIALECT,
        "servers": [{"url": "http://localhost:8080", "description": "the gateway of `make up`"}],
        "security": [{"bearer": []}],
        "tags": [
            {"name": "documents", "description": "uploads and what became of them"},
            {"name": "topics", "description": "the caller's own topics, and how documents are filed under them"},
            {"name": "live", "description": "what becomes of documents: as it happens, and step by step"},
            {"name": "quota", "description": "accounts and their limits"},
            {"name": "sign-in", "description": "how the page comes by a token, where an OpenID provider is set"},
        ],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": {"bearer": _bearer()}},
    }


def _schemas() -> JsonObject:
    _, definitions = models_json_schema([(body, mode_of(body)) for body in BODIES], ref_template=_REF)
    return opened(definitions["$defs"])


def _bearer() -> JsonObject:
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`sub` is the user's UUID, or by JWT_SUBJECT what one is derived from; `role`"
        " `user` or `admin`; issuer, audience and expiry are checked.",
    }


def _operation(operation: Operation) -> JsonObject:
    described: JsonObject = {"operationId": operation.id, "summary": operation.summary, "tags": [operation.tag]}
    if operation.description:
        described["description"] = operation.description
    if operation.role:
        described["x-role"] = operation.role
    if operation.public:
        described["security"] = []
    parameters = [
        *_in_path(operation),
        *_in_query(operation.query),
        *_in_headers(operation),
        *([_KEY] if operation.idempotent else []),
    ]
    if parameters:
        described["parameters"] = parameters
    if operation.body:
        described["requestBody"] = {"required": True, "content": _content(operation.body, None)}
    return described | {"responses": _responses(operation)}


def _responses(operation: Operation) -> JsonObject:
    always = (UNAVAILABLE,) if operation.public else ALWAYS
    answers = sorted((*operation.answers, *always), key=lambda answer: answer.status)
    return {str(answer.status): _response(answer) | _links(operation, answer) for answer in answers}


def _links(operation: Operation, answer: Answer) -> JsonObject:
    found = links_of(operation.id, answer.status)
    return {"links": found} if found else {}


def _response(answer: Answer) -> JsonObject:
    response: JsonObject = {"description": answer.description}
    if answer.headers:
        response["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in answer.headers
        }
    if answer.body:
        response["content"] = _content(answer.body, answer.detail, many=answer.many)
    if answer.stream:
        response["content"] = _stream(answer.stream)
    if answer.or_body:
        content = response["content"]["application/json"]
        content["schema"] = {"anyOf": [content["schema"], _ref(answer.or_body)]}
    return response


def _stream(stream: Stream) -> JsonObject:
    """OpenAPI 3.1 knows no streams: a text, with the models of what is in it beside."""
    data = {name: {"$ref": _REF.format(model=body.__name__)} for name, body in stream.events}
    return {"text/event-stream": {"schema": {"type": "string"}, "example": stream.example, "x-event-data": data}}


def _content(body: type[http.Request | http.Response], detail: str | None, *, many: bool = False) -> JsonObject:
    shown = example_of(body) if detail is None else {"detail": detail}
    if many:
        return {"application/json": {"schema": {"type": "array", "items": _ref(body)}, "example": [shown]}}
    return {"application/json": {"schema": _ref(body), "example": shown}}


def _ref(body: type[http.Request | http.Response]) -> JsonObject:
    return {"$ref": _REF.format(model=body.__name__)}


def example_of(body: type[http.Request | http.Response]) -> JsonObject:
    """The example of a body, as it travels."""
    return next(each for each in examples.all_bodies() if type(each) is body).model_dump(mode="json")


def _in_path(operation: Operation) -> list[JsonObject]:
    names = re.findall(r"{(\w+)}", operation.path)
    return [{"name": name, "in": "path", "required": True, "schema": _uuid()} for name in names]


def _in_query(query: type[http.Request] | None) -> list[JsonObject]:
    fields = query.model_json_schema()["properties"] if query else {}
    return [
        {"name": name, "in": "query", "required": False, "description": schema["description"], "schema": _plain(schema)}
        for name, schema in fields.items()
    ]


def _in_headers(operation: Operation) -> list[JsonObject]:
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in operation.headers
    ]


def _plain(schema: JsonObject) -> JsonObject:
    """A parameter is left out rather than null."""
    chosen = next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), schema)
    return {key: value for key, value in chosen.items() if key not in {"title", "description"}}


def _uuid() -> JsonObject:
    return {"type": "string", "format": "uuid"}
