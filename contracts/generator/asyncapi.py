"""AsyncAPI 3.0: the topics as channels, the events as messages, and who sends and receives what."""

from __future__ import annotations

from docuvault_contracts import events, topics
from docuvault_contracts.deadletters import JournalEntry
from docuvault_contracts.events import Event
from docuvault_contracts.topics import Topic
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from generator import examples
from generator.files import JsonObject
from generator.schemas import key_field
from generator.traffic import RECEIVES, RECEIVES_RAW, SENDS

PATH = "asyncapi.json"
_REF = "#/components/schemas/{model}"
_KAFKA_BINDING = "0.5.0"
_RAW, _DEAD, _JOURNAL = "s3.notification", "dead.letter", "dead.letter.journal"


def asyncapi() -> JsonObject:
    """The whole document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "docuvault events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 over Kafka in binary mode. Skip types and fields that you do not know.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {"host": "localhost:19092", "protocol": "kafka", "description": "the broker of `make up`"},
        },
        "channels": {topic.name: _channel(topic) for topic in topics.ALL},
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def _types(topic: Topic) -> tuple[str, ...]:
    if topic == topics.STORAGE_EVENTS:
        return (_RAW,)
    if topic == topics.DEAD_LETTER_JOURNAL:
        return (_JOURNAL,)
    return tuple(event.type for event in events.ALL if event.topic == topic) or (_DEAD,)


def _channel(topic: Topic) -> JsonObject:
    return {
        "address": topic.name,
        "description": f"{topic.description}. Key: {topic.key}. Written by: {topic.owner}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _types(topic)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": topic.retention_ms,
                    "max.message.bytes": topic.max_message_bytes,
                },
                "bindingVersion": _KAFKA_BINDING,
            },
        },
        "x-key": topic.key,
        "x-owner": topic.owner,
    }


def _messages() -> JsonObject:
    found = {
        event.type: _message(event, example) for event, example in zip(events.ALL, examples.all_events(), strict=True)
    }
    return found | {_RAW: _raw_message(), _DEAD: _dead_message(), _JOURNAL: _journal_message()}


def _message(event: type[Event], example: Event) -> JsonObject:
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": (event.__doc__ or "").partition("\n")[0],
        "contentType": "application/json",
        "headers": {"$ref": _REF.format(model="CloudEventHeaders")},
        "payload": {"$ref": _REF.format(model=event.__name__)},
        "bindings": _keyed(f"the event's {key_field(event)}", uuid=True),
        "examples": [{"payload": example.model_dump(mode="json")}],
    }


def _raw_message() -> JsonObject:
    return {
        "name": _RAW,
        "title": "S3Notification",
        "summary": "MinIO's own record of what happened to objects; docuvault_contracts.s3 reads it.",
        "contentType": "application/json",
        "payload": {"$ref": _REF.format(model="S3Notification")},
        "bindings": _keyed("bucket/key, not escaped"),
    }


def _dead_message() -> JsonObject:
    return {
        "name": _DEAD,
        "title": "DeadLetter",
        "summary": "A record that a consumer could not understand: value and key as they were, with the reason.",
        "contentType": "application/octet-stream",
        "headers": {"$ref": _REF.format(model="DeadLetterHeaders")},
        "payload": {"description": "the original value, whatever it was"},
        "bindings": _keyed("the key of the original record"),
    }


def _journal_message() -> JsonObject:
    return {
        "name": _JOURNAL,
        "title": JournalEntry.__name__,
        "summary": (JournalEntry.__doc__ or "").partition("\n")[0],
        "contentType": "application/json",
        "payload": {"$ref": _REF.format(model=JournalEntry.__name__)},
        "bindings": _keyed(topics.DEAD_LETTER_JOURNAL.key),
        "examples": [{"payload": examples.journal_entry().model_dump(mode="json")}],
    }


def _keyed(description: str, *, uuid: bool = False) -> JsonObject:
    key: JsonObject = {"type": "string", "description": description} | ({"format": "uuid"} if uuid else {})
    return {"kafka": {"key": key, "bindingVersion": _KAFKA_BINDING}}


def _operations() -> JsonObject:
    found: dict[str, JsonObject] = {}
    for action, traffic in (("send", SENDS), ("receive", RECEIVES)):
        for service, sent in traffic.items():
            for topic in dict.fromkeys(event.topic for event in sent):
                names = [event.type for event in sent if event.topic == topic]
                found[f"{service}.{action}.{topic.name}"] = _operation(action, service, topic, names)
    found["minio.send.storage.events"] = _operation("send", "minio", topics.STORAGE_EVENTS, [_RAW])
    for service in RECEIVES_RAW:
        found[f"{service}.receive.storage.events"] = _operation("receive", service, topics.STORAGE_EVENTS, [_RAW])
    for group in topics.GROUPS:
        found[f"{group}.send.dlq"] = _operation("send", group, topics.dead_letter_topic(group), [_DEAD])
    for action in ("send", "receive"):
        found[f"operator.{action}.dlq.journal"] = _operation(action, "operator", topics.DEAD_LETTER_JOURNAL, [_JOURNAL])
    return found


def _operation(action: str, service: str, topic: Topic, names: list[str]) -> JsonObject:
    channel = f"#/channels/{topic.name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "summary": f"{service} {'writes to' if action == 'send' else 'reads from'} {topic.name}",
        "tags": [{"name": service}],
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in names],
    }


def _schemas() -> JsonObject:
    models: tuple[type[BaseModel], ...] = (*events.ALL, JournalEntry)
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    headers_and_raw: JsonObject = {
        "CloudEventHeaders": _cloud_event_headers(),
        "DeadLetterHeaders": _dead_letter_headers(),
        "S3Notification": _s3_notification(),
    }
    payloads: JsonObject = definitions["$defs"]
    return payloads | headers_and_raw


def _headers(required: dict[str, str], optional: dict[str, str]) -> JsonObject:
    texts = {name: {"type": "string", "description": text} for name, text in (required | optional).items()}
    return {"type": "object", "required": list(required), "properties": texts}


def _cloud_event_headers() -> JsonObject:
    required = {
        "ce_specversion": "always 1.0",
        "ce_id": "the same for the same fact, however often it is said",
        "ce_source": "who says it, such as docuvault/quota",
        "ce_type": "which event it is",
        "ce_time": "when it was said, RFC 3339 with a time zone",
    }
    optional = {
        "ce_subject": "the Kafka key once more",
        "ce_observedns": "of the ledger's decisions: the store's time of the newest bytes seen under the key, in ns",
        "content-type": "always application/json",
        "traceparent": "W3C trace context",
    }
    return _headers(required, optional)


def _dead_letter_headers() -> JsonObject:
    required = {
        "dlq_reason": "what was wrong",
        "dlq_topic": "where the record came from",
        "dlq_partition": "its partition",
        "dlq_offset": "its offset",
        "dlq_group": "which consumer group could not understand it",
        "dlq_time": "when that was, RFC 3339 with a time zone",
    }
    optional = {
        "dlq_cause": "unreadable, invalid, parser, handler or unpublishable: what failed",
        "dlq_null": "what was null and is empty here, with commas: key, value, header.N (N counts from 0)",
        "dlq_truncated": "what was too long and is cut here, and how long it was",
        "dlq_raw_headers": "the bytes of the original headers, where a name among them is no text",
    }
    return _headers(required, optional)


def _s3_notification() -> JsonObject:
    return {
        "type": "object",
        "description": "S3's event message structure in MinIO's wrapping; the size is left out where it is 0.",
        "properties": {
            "EventName": {"type": "string"},
            "Key": {"type": "string", "description": "bucket/key, not escaped"},
            "Records": {"type": "array", "minItems": 1, "items": {"type": "object"}},
        },
    }
