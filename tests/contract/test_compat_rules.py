"""The compatibility rules, one by one: the table of contracts/README.md."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from generator.compat import api_breaks, breaks

Schema = dict[str, Any]
EVENT, REQUEST, RESPONSE = "schemas/events/x.json", "schemas/http/requests/X.json", "schemas/http/responses/X.json"
OLD: Schema = {
    "type": "object",
    "x-kafka-topic": "quota",
    "x-kafka-key": "document_id",
    "properties": {
        "id": {"type": "string", "format": "uuid", "title": "Id"},
        "size": {"type": "integer", "minimum": 0, "maximum": 100},
        "reason": {"type": "string", "enum": ["a", "b"]},
        "note": {"anyOf": [{"type": "string", "maxLength": 10}, {"type": "null"}]},
        "filed": {"type": "array", "items": {"$ref": "#/$defs/Filed"}},
    },
    "required": ["id", "size"],
    "$defs": {"Filed": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
}


def remove_field(schema: Schema) -> None:
    del schema["properties"]["note"]


def remove_nested_field(schema: Schema) -> None:
    schema["$defs"]["Filed"] = {"type": "object", "properties": {}}


def add_optional_field(schema: Schema) -> None:
    schema["properties"]["added"] = {"type": "string"}


def add_required_field(schema: Schema) -> None:
    add_optional_field(schema)
    schema["required"].append("added")


def require_a_field(schema: Schema) -> None:
    schema["required"].append("reason")


def require_no_more(schema: Schema) -> None:
    schema["required"].remove("size")


def another_type(schema: Schema) -> None:
    schema["properties"]["size"] = {"type": "string"}


def allow_null(schema: Schema) -> None:
    schema["properties"]["id"] = {"anyOf": [schema["properties"]["id"], {"type": "null"}]}


def forbid_null(schema: Schema) -> None:
    schema["properties"]["note"] = {"type": "string", "maxLength": 10}


def lower_maximum(schema: Schema) -> None:
    schema["properties"]["size"]["maximum"] = 50


def raise_maximum(schema: Schema) -> None:
    schema["properties"]["size"]["maximum"] = 200


def drop_minimum(schema: Schema) -> None:
    del schema["properties"]["size"]["minimum"]


def shorten_within_an_alternative(schema: Schema) -> None:
    schema["properties"]["note"]["anyOf"][0]["maxLength"] = 5


def add_pattern(schema: Schema) -> None:
    schema["properties"]["id"]["pattern"] = "^a"


def drop_format(schema: Schema) -> None:
    del schema["properties"]["id"]["format"]


def add_value(schema: Schema) -> None:
    schema["properties"]["reason"]["enum"].append("c")


def remove_value(schema: Schema) -> None:
    schema["properties"]["reason"]["enum"].remove("b")


def one_value_left(schema: Schema) -> None:
    schema["properties"]["reason"] = {"type": "string", "const": "a"}


def any_value(schema: Schema) -> None:
    del schema["properties"]["reason"]["enum"]


def narrow_the_items(schema: Schema) -> None:
    schema["$defs"]["Filed"]["properties"]["name"]["minLength"] = 1


def say_it_better(schema: Schema) -> None:
    schema["description"] = "clearer"
    schema["properties"]["id"]["title"] = "Identity"
    schema["properties"] = dict(reversed(schema["properties"].items()))
    schema["$defs"]["Renamed"] = schema["$defs"].pop("Filed")
    schema["properties"]["filed"]["items"]["$ref"] = "#/$defs/Renamed"


RULES: list[tuple[Callable[[Schema], None], str]] = [
    (remove_field, "event request response"),
    (remove_nested_field, "event request response"),
    (add_optional_field, ""),
    (add_required_field, "event request"),
    (require_a_field, "event request"),
    (require_no_more, "event response"),
    (another_type, "event request response"),
    (allow_null, "event response"),
    (forbid_null, "event request"),
    (lower_maximum, "event request"),
    (raise_maximum, "event response"),
    (drop_minimum, "event response"),
    (shorten_within_an_alternative, "event request"),
    (add_pattern, "event request"),
    (drop_format, "event response"),
    (add_value, "event response"),
    (remove_value, "event request"),
    (one_value_left, "event request"),
    (any_value, "event response"),
    (narrow_the_items, "event request"),
    (say_it_better, ""),
]


@pytest.mark.parametrize(("change", "broken"), RULES, ids=[change.__name__ for change, _ in RULES])
def test_a_change_breaks_exactly_those_it_breaks(change: Callable[[Schema], None], broken: str) -> None:
    new = deepcopy(OLD)
    change(new)
    found = {
        name for name, path in (("event", EVENT), ("request", REQUEST), ("response", RESPONSE)) if lines(path, new)
    }
    assert found == set(broken.split())


def lines(path: str, new: Schema) -> list[str]:
    return list(breaks({path: OLD}, {path: new}))


def test_nothing_changed_breaks_nobody() -> None:
    assert lines(EVENT, deepcopy(OLD)) == []


def test_the_line_says_where_and_what() -> None:
    new = deepcopy(OLD)
    add_value(new)
    assert lines(EVENT, new) == ["schemas/events/x.json: reason: the value 'c' is new"]


@pytest.mark.parametrize("path", [EVENT, REQUEST, RESPONSE])
def test_what_was_published_may_not_go_and_what_is_new_may_come(path: str) -> None:
    assert list(breaks({path: OLD}, {})) == [f"{path}: it was published and is gone"]
    assert list(breaks({}, {path: OLD})) == []


@pytest.mark.parametrize("name", ["x-kafka-topic", "x-kafka-key"])
def test_an_event_may_not_move(name: str) -> None:
    assert name in lines(EVENT, OLD | {name: "elsewhere"})[0]


API: Schema = {
    "paths": {
        "/a": {
            "get": {
                "parameters": [{"name": "limit", "required": False, "schema": {"type": "integer", "maximum": 100}}],
                "responses": {"200": {}, "404": {}},
            },
        },
    },
}


def api_lines(change: Callable[[Schema], None]) -> list[str]:
    new = deepcopy(API)
    change(new["paths"]["/a"]["get"])
    return list(api_breaks(API, new))


def test_an_operation_may_not_go_and_a_new_one_may_come() -> None:
    assert list(api_breaks(API, {"paths": {}})) == ["openapi.json: GET /a: it was published and is gone"]
    assert list(api_breaks({"paths": {}}, API)) == []


def test_an_answer_may_not_go() -> None:
    assert api_lines(lambda get: get["responses"].pop("404")) == [
        "openapi.json: GET /a: it does not answer 404 any more",
    ]


def test_a_body_may_not_be_demanded_later() -> None:
    assert api_lines(lambda get: get.update(requestBody={})) == ["openapi.json: GET /a: it wants a body now"]


def test_a_parameter_may_neither_go_nor_be_demanded_nor_take_less() -> None:
    wanted = {"name": "page", "required": True, "schema": {"type": "string"}}
    assert "limit is gone" in api_lines(lambda get: get["parameters"].clear())[0]
    assert "page is required now" in api_lines(lambda get: get["parameters"].append(wanted))[0]
    assert "maximum was 100" in api_lines(lambda get: get["parameters"][0]["schema"].update(maximum=50))[0]


def test_a_parameter_may_be_added_and_take_more() -> None:
    free = {"name": "page", "required": False, "schema": {"type": "string"}}
    assert api_lines(lambda get: get["parameters"].append(free)) == []
    assert api_lines(lambda get: get["parameters"][0]["schema"].update(maximum=500)) == []
