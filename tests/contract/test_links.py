"""Where the API's description says an answer leads, it does lead: by what is in the answer, to what takes it."""

from __future__ import annotations

from typing import Any

import pytest
from generator import examples, links, operations
from generator.links import Link
from generator.openapi import openapi

OPERATIONS = {operation.id: operation for operation in operations.ALL}
API = openapi()


def described(operation_id: str) -> dict[str, Any]:
    operation = OPERATIONS[operation_id]
    found: dict[str, Any] = API["paths"][operation.path][operation.method]
    return found


def at(document: Any, pointer: str) -> Any:
    for name in pointer.split("/")[1:]:
        document = document[int(name) if isinstance(document, list) else name]
    return document


def taken(link: Link) -> list[str]:
    """Where in the answer it takes something from."""
    values = [*link.parameters.values(), *link.body.values()]
    expressions = [value for value in values if isinstance(value, str) and value.startswith("$")]
    assert all(each.startswith("$response.body#/") for each in expressions)
    return [each.partition("#")[2] for each in expressions]


@pytest.mark.parametrize("link", links.ALL, ids=lambda link: f"{link.source} to {link.target}")
def test_a_link_takes_what_is_in_the_answer_to_a_parameter_or_a_body_that_there_is(link: Link) -> None:
    assert link.target in described(link.source)["responses"][str(link.status)]["links"]
    assert link.parameters.keys() <= {each["name"] for each in described(link.target).get("parameters", ())}
    answer = next(each for each in OPERATIONS[link.source].answers if each.status == link.status)
    shown = next(each for each in examples.all_bodies() if type(each) is answer.body).model_dump(mode="json")
    assert taken(link)
    assert all(at(shown, pointer) for pointer in taken(link))
    if link.body:
        wanted = OPERATIONS[link.target].body
        assert wanted is not None
        assert wanted.model_validate(dict(link.body)).model_fields_set == link.body.keys()


def test_every_operation_about_one_thing_is_where_some_answer_leads() -> None:
    about_one = {operation.id for operation in operations.ALL if "{" in operation.path and operation.role != "admin"}
    assert about_one <= {link.target for link in links.ALL}
