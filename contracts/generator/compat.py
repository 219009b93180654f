"""What may change without breaking those who rely on it; the rules are told in contracts/README.md.

Two schemas are compared node by node. A difference narrows (the new schema refuses what the old one took), widens (it
takes what the old one refused), or loses something. Which of these breaks somebody depends on who reads and who writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from generator.files import Documents, JsonObject

Effect = Literal["lost", "narrowed", "widened"]

# Events lie in topics for weeks: new readers meet old records, and old readers meet new ones.
_BREAKING: tuple[tuple[str, frozenset[Effect]], ...] = (
    ("schemas/events/", frozenset({"lost", "narrowed", "widened"})),
    ("schemas/http/requests/", frozenset({"lost", "narrowed"})),
    ("schemas/http/responses/", frozenset({"lost", "widened"})),
)
_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
_TEXT_RULES = ("pattern", "format")
_ROUTING = ("x-kafka-topic", "x-kafka-key")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two schemas: where, what it does to what is accepted, and what it is, for a person."""

    path: str
    effect: Effect
    what: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.path or 'the body'}: {self.what}"


def breaks(published: Documents, current: Documents) -> Iterator[str]:
    """One line for each change of a schema that breaks an old reader or an old writer."""
    for path, old in published.items():
        breaking = next((effects for prefix, effects in _BREAKING if path.startswith(prefix)), None)
        if breaking is None:
            continue
        if path not in current:
            yield f"{path}: it was published and is gone"
            continue
        found = differences(old, current[path])
        yield from (f"{path}: {difference}" for difference in found if difference.effect in breaking)


def api_breaks(published: JsonObject, current: JsonObject) -> Iterator[str]:
    """One line for each operation, success or optional parameter that an old client relies on and would miss."""
    was, now = _operations(published), _operations(current)
    for name, old in was.items():
        if name not in now:
            yield f"openapi.json: {name}: it was published and is gone"
            continue
        yield from (f"openapi.json: {name}: {line}" for line in _operation_breaks(old, now[name]))


def _operations(api: JsonObject) -> dict[str, JsonObject]:
    paths = api.get("paths", {})
    return {f"{method.upper()} {path}": found for path, item in paths.items() for method, found in item.items()}


def _operation_breaks(old: JsonObject, new: JsonObject) -> Iterator[str]:
    for status in (status for status in old["responses"] if status not in new["responses"]):
        yield f"it does not answer {status} any more"
    if "requestBody" in new and "requestBody" not in old:
        yield "it wants a body now"
    was, now = ({each["name"]: each for each in found.get("parameters", ())} for found in (old, new))
    yield from (f"the parameter {name} is gone" for name in was if name not in now)
    for name, parameter in now.items():
        yield from _parameter_breaks(name, was.get(name, {"schema": {}}), parameter)


def _parameter_breaks(name: str, old: JsonObject, new: JsonObject) -> Iterator[str]:
    if new["required"] and not old.get("required"):
        yield f"the parameter {name} is required now"
    found = differences(old["schema"], new["schema"]) if old["schema"] else ()
    yield from (f"the parameter {name}: {each.what}" for each in found if each.effect == "narrowed")


def differences(old: JsonObject, new: JsonObject) -> Iterator[Difference]:
    """All differences that change what is accepted, or where the event travels."""
    for name in _ROUTING:
        if old.get(name) != new.get(name):
            yield Difference("", "lost", f"{name} was {old.get(name)!r} and is {new.get(name)!r}")
    yield from _Comparison(old.get("$defs", {}), new.get("$defs", {})).nodes(old, new, "")


@dataclass(frozen=True, slots=True)
class _Comparison:
    old_definitions: Mapping[str, JsonObject]
    new_definitions: Mapping[str, JsonObject]

    def nodes(self, old: JsonObject, new: JsonObject, path: str) -> Iterator[Difference]:
        was, now = _alternatives(old, self.old_definitions), _alternatives(new, self.new_definitions)
        for kind in was.keys() - now.keys():
            yield Difference(path, "narrowed", f"it can be no {kind} any more")
        for kind in now.keys() - was.keys():
            yield Difference(path, "widened", f"it can be {kind}, too")
        for kind in sorted(was.keys() & now.keys()):
            yield from self._same_kind(was[kind], now[kind], path)

    def _same_kind(self, old: JsonObject, new: JsonObject, path: str) -> Iterator[Difference]:
        yield from _values(old, new, path)
        yield from _bounds(old, new, path)
        yield from _texts(old, new, path)
        yield from self._fields(old, new, path)
        yield from self._within(old, new, path)

    def _fields(self, old: JsonObject, new: JsonObject, path: str) -> Iterator[Difference]:
        was, now = old.get("properties", {}), new.get("properties", {})
        must, shall = set(old.get("required", ())), set(new.get("required", ()))
        for name in was:
            where = f"{path}.{name}".lstrip(".")
            if name not in now:
                yield Difference(where, "lost", "the field is gone")
                continue
            yield from self.nodes(was[name], now[name], where)
        for name in sorted(shall - must):
            yield Difference(f"{path}.{name}".lstrip("."), "narrowed", "the field is required now")
        for name in sorted((must - shall) & now.keys()):
            yield Difference(f"{path}.{name}".lstrip("."), "widened", "the field is not always there any more")

    def _within(self, old: JsonObject, new: JsonObject, path: str) -> Iterator[Difference]:
        for name, mark in (("items", "[]"), ("additionalProperties", ".*")):
            was, now = old.get(name, True), new.get(name, True)
            if isinstance(was, dict) and isinstance(now, dict):
                yield from self.nodes(was, now, path + mark)
            elif isinstance(was, dict) or was is False:
                yield from _if(was != now, Difference(path + mark, "widened", "anything goes now"))
            elif isinstance(now, dict) or now is False:
                yield Difference(path + mark, "narrowed", "not everything goes any more")


def _alternatives(node: JsonObject, definitions: Mapping[str, JsonObject]) -> dict[str, JsonObject]:
    """The node's possible shapes by their JSON type; of several shapes of one type, each is a kind of its own."""
    found: dict[str, JsonObject] = {}
    for shape in node.get("anyOf") or node.get("oneOf") or (node,):
        if "$ref" in shape:
            reached = _alternatives(definitions[shape["$ref"].rsplit("/", 1)[-1]], definitions)
        elif "anyOf" in shape or "oneOf" in shape:
            reached = _alternatives(shape, definitions)
        else:
            reached = {str(shape.get("type", "anything")): shape}
        for kind, each in reached.items():
            found[kind if kind not in found else f"{kind} ({len(found)})"] = each
    return found


def _values(old: JsonObject, new: JsonObject, path: str) -> Iterator[Difference]:
    was, now = _enumerated(old), _enumerated(new)
    if was is None or now is None:
        yield from _if(was is None and now is not None, Difference(path, "narrowed", f"only {now} may be said now"))
        yield from _if(was is not None and now is None, Difference(path, "widened", "any value may be said now"))
        return
    for value in [value for value in was if value not in now]:
        yield Difference(path, "narrowed", f"the value {value!r} is gone")
    for value in [value for value in now if value not in was]:
        yield Difference(path, "widened", f"the value {value!r} is new")


def _enumerated(node: JsonObject) -> list[object] | None:
    values = [node["const"]] if "const" in node else node.get("enum")
    return None if values is None else list(values)


def _bounds(old: JsonObject, new: JsonObject, path: str) -> Iterator[Difference]:
    for names, narrower in ((_LOWER_BOUNDS, 1), (_UPPER_BOUNDS, -1)):
        for name in names:
            was, now = old.get(name), new.get(name)
            if was == now:
                continue
            narrows = was is None or (now is not None and (now - was) * narrower > 0)
            yield Difference(path, "narrowed" if narrows else "widened", f"{name} was {was} and is {now}")


def _texts(old: JsonObject, new: JsonObject, path: str) -> Iterator[Difference]:
    for name in _TEXT_RULES:
        was, now = old.get(name), new.get(name)
        yield from _if(was != now and now is not None, Difference(path, "narrowed", f"{name} was {was} and is {now}"))
        yield from _if(was != now and was is not None, Difference(path, "widened", f"{name} was {was} and is {now}"))


def _if(holds: bool, difference: Difference) -> Iterator[Difference]:  # noqa: FBT001 - reads as its name
    if holds:
        yield difference
