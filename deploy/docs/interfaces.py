"""The HTTP API and the events as tables of Markdown, out of contracts/generated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


def http(openapi: Json) -> str:
    """A table a tag: each call, what it is for, what it may answer."""
    return "\n".join(line for tag in openapi["tags"] for line in _tag(tag, openapi["paths"]))


def events(asyncapi: Json) -> str:
    """A section a topic: who says what in it, by which key, for how long; and the fields of each event."""
    messages, schemas = asyncapi["components"]["messages"], asyncapi["components"]["schemas"]
    lines: list[str] = []
    for name, channel in asyncapi["channels"].items():
        lines += [f"## {name}", "", channel.get("description", ""), ""]
        for message in channel["messages"]:
            lines += _message(message, messages[message], schemas)
    return "\n".join(lines)


def _tag(tag: Json, paths: Json) -> Iterator[str]:
    yield from (f"## {tag['name'].capitalize()}", "", f"{_sentence(tag['description'])}", "")
    yield from ("| call | | answers |", "| --- | --- | --- |")
    for path, calls in paths.items():
        for method, call in calls.items():
            if tag["name"] in call["tags"]:
                answers = ", ".join(f"`{status}`" for status in call["responses"])
                yield f"| `{method.upper()} {path}` | {_cell(call['summary'])} | {answers} |"
    yield ""


def _message(name: str, message: Json, schemas: Json) -> Iterator[str]:
    yield from (f"### {name}", "", message.get("summary", ""), "")
    reference = message.get("payload", {}).get("$ref", "")
    schema = schemas.get(reference.rpartition("/")[2], {})
    fields = schema.get("properties", {})
    if not fields:
        return
    yield from ("| field | type | |", "| --- | --- | --- |")
    needed = frozenset(schema.get("required", ()))
    for field, about in fields.items():
        optional = "" if field in needed else "; may be absent"
        yield f"| `{field}` | {_cell(_type(about) + optional)} | {_cell(about.get('description', ''))} |"
    yield ""


def _type(schema: Json) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return " or ".join(map(_type, schema[choice]))
    if "allOf" in schema:
        return " and ".join(map(_type, schema["allOf"]))
    if "enum" in schema or "const" in schema:
        return " or ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if "items" in schema:
        return f"array of {_type(schema['items'])}"
    return _plain(schema.get("type", "anything"), schema.get("format"))


def _plain(kind: str | Iterable[str], form: str | None) -> str:
    words = kind if isinstance(kind, str) else " or ".join(kind)
    return f"{words} ({form})" if form else words


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")
