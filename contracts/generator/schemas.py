"""JSON Schema 2020-12, one for each event and each HTTP body."""

from __future__ import annotations

from typing import Literal

from docuvault_contracts import events, http, http_live, http_multipart, http_sign_in, http_topics, http_uploads
from docuvault_contracts.events import Event

from generator.files import JsonObject

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Mode = Literal["validation", "serialization"]
BODIES = (
    *http.BODIES,
    *http_topics.BODIES,
    *http_uploads.BODIES,
    *http_live.BODIES,
    *http_multipart.BODIES,
    *http_sign_in.BODIES,
)
"""Every body that travels."""


def event_path(event_type: str) -> str:
    """Where the schema of an event is kept."""
    return f"schemas/events/{event_type}.json"


def http_path(model: type[http.Request | http.Response]) -> str:
    """Where the schema of an HTTP body is kept; the folder says which way it travels."""
    folder = "requests" if issubclass(model, http.Request) else "responses"
    return f"schemas/http/{folder}/{model.__name__}.json"


def mode_of(model: type[http.Request | http.Response]) -> Mode:
    """A request is described as it may be sent, a response as it is sent: with all its defaults filled in."""
    return "validation" if issubclass(model, http.Request) else "serialization"


def schemas() -> dict[str, JsonObject]:
    """All schemas by their path."""
    found = {event_path(event.type): event_schema(event) for event in events.ALL}
    return found | {http_path(model): body_schema(model) for model in BODIES}


def event_schema(event: type[Event]) -> JsonObject:
    """What a reader of the event must understand; `x-kafka-*` say where and under which key it travels."""
    extra: JsonObject = {"x-kafka-topic": event.topic.name, "x-kafka-key": key_field(event)}
    return _head(f"event:{event.type}") | extra | event.model_json_schema()


def key_field(event: type[Event]) -> str:
    """The field whose text is the Kafka key."""
    return "document_id" if issubclass(event, events.DocumentEvent) else "user_id"


def body_schema(model: type[http.Request | http.Response]) -> JsonObject:
    """One HTTP body."""
    return _head(f"http:{model.__name__}") | opened(model.model_json_schema(mode=mode_of(model)))


def opened(schema: JsonObject) -> JsonObject:
    """The schema without its refusal of further fields: clients must expect new ones, though we send none today."""
    kept = {key: value for key, value in schema.items() if (key, value) != ("additionalProperties", False)}
    return {key: _opened(value) for key, value in kept.items()}


def _opened(value: object) -> object:
    if isinstance(value, dict):
        return opened(value)
    return [_opened(item) for item in value] if isinstance(value, list) else value


def _head(name: str) -> JsonObject:
    return {"$schema": DIALECT, "$id": f"urn:docuvault:{name}"}
