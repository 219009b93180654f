"""contracts/generated/asyncapi.json as a page: plain HTML, without a script, that is written when the stack starts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

Json = Mapping[str, Any]

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="stylesheet" href="docs.css">
</head>
<body>
<main>
<p><a href="index.html">Interfaces</a></p>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""
_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern")


def render(document: Json) -> str:
    """The page. Whatever the document's texts hold is text."""
    info = document["info"]
    parts = [
        f"<p>{escape(info.get('description', ''))}</p>",
        _contents(document["channels"]),
        *(_channel(name, channel, document) for name, channel in document["channels"].items()),
        "<h2>Messages</h2>",
        *(_message(name, message) for name, message in document["components"]["messages"].items()),
        "<h2>Schemas</h2>",
        *(_schema(name, schema) for name, schema in document["components"]["schemas"].items()),
    ]
    title = escape(f"{info['title']} {info['version']}")
    return _PAGE.format(title=title, body="\n".join(parts))


def _contents(channels: Json) -> str:
    links = "".join(f'<li><a href="#{_id("channel", name)}">{escape(name)}</a></li>' for name in channels)
    return f'<nav aria-label="Topics"><ul>{links}</ul></nav>'


def _channel(name: str, channel: Json, document: Json) -> str:
    kafka = channel.get("bindings", {}).get("kafka", {})
    said = "".join(f"<li>{_link('message', message)}</li>" for message in channel.get("messages", {}))
    rows = {"partitions": kafka.get("partitions"), **kafka.get("topicConfiguration", {})}
    settings = _table(("setting", "value"), ((escape(key), _plain(value)) for key, value in rows.items()))
    who = sorted(_who(document.get("operations", {}), name))
    return (
        f'<h2 id="{_id("channel", name)}">{escape(name)}</h2><p>{escape(channel.get("description", ""))}</p>'
        + (f"<p>{escape('; '.join(who))}.</p>" if who else "")
        + f"<ul>{said}</ul>{settings}"
    )


def _who(operations: Json, channel: str) -> Iterator[str]:
    for operation in operations.values():
        if operation["channel"]["$ref"] == f"#/channels/{channel}":
            yield str(operation.get("summary", ""))


def _message(name: str, message: Json) -> str:
    key = message.get("bindings", {}).get("kafka", {}).get("key", {})
    rows = [("key", escape(key.get("description", ""))), ("content type", _plain(message.get("contentType", "")))]
    rows += [(part, type_of(message[part])) for part in ("headers", "payload") if part in message]
    examples = "".join(
        f"<p>Example</p><pre>{escape(json.dumps(example.get('payload'), indent=2, ensure_ascii=False))}</pre>"
        for example in message.get("examples", [])
    )
    return (
        f'<h3 id="{_id("message", name)}">{escape(name)}</h3><p>{escape(message.get("summary", ""))}</p>'
        f"{_table(('part', 'is'), rows)}{examples}"
    )


def _schema(name: str, schema: Json) -> str:
    required = set(schema.get("required", ()))
    rows = (
        (
            f"<code>{escape(field)}</code>",
            type_of(shape),
            "required" if field in required else "optional",
            escape(shape.get("description", "")),
        )
        for field, shape in schema.get("properties", {}).items()
    )
    return (
        f'<h3 id="{_id("schema", name)}">{escape(name)}</h3><p>{escape(schema.get("description", ""))}</p>'
        f"{_table(('field', 'type', 'needed', 'meaning'), rows)}"
    )


def type_of(shape: Json) -> str:
    """What a schema allows, in a few words of HTML."""
    if "$ref" in shape:
        return _link("schema", shape["$ref"].rpartition("/")[2])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in shape:
            return " or ".join(type_of(one) for one in shape[several])
    if "const" in shape:
        return _plain(shape["const"])
    if "enum" in shape:
        return " or ".join(_plain(value) for value in shape["enum"])
    kind = shape.get("type", "anything")
    if kind == "array":
        return f"array of {type_of(shape.get('items', {}))}{_bounds(shape)}"
    kinds = " or ".join(kind) if isinstance(kind, list) else str(kind)
    shown = f"{kinds} ({shape['format']})" if "format" in shape else kinds
    return escape(shown) + _bounds(shape)


def _bounds(shape: Json) -> str:
    found = [f"{escape(name)} {_plain(shape[name])}" for name in _BOUNDS if name in shape]
    return f' <span class="quiet">{", ".join(found)}</span>' if found else ""


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    if not lines:
        return ""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _link(kind: str, name: str) -> str:
    return f'<a href="#{_id(kind, name)}"><code>{escape(name)}</code></a>'


def _id(kind: str, name: str) -> str:
    return escape(f"{kind}-{name}")


def _plain(value: object) -> str:
    return f"<code>{escape(json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value)}</code>"
