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


@pytest.mark.parametrize("link", links.ALL, ids=lambda link: f"{link.source} to {link.target}")
def test_a_link_takes_what_is_in_the_answer_to_a_parameter_that_there_is(link: Link) -> None:
    assert link.target in described(link.source)["responses"][str(link.status)]["links"]
    assert link.parameter in {each["name"] for each in described(link.target)["parameters"]}
    where, _, pointer = link.found.partition("#")
    if where == "$response.body":
        answer = next(each for each in OPERATIONS[link.source].answers if each.status == link.status)
        shown = next(each for each in examples.all_bodies() if type(each) is answer.body)
        assert at(shown.model_dump(mode="json"), pointer)
    else:
        assert where == f"$request.path.{link.parameter}"
        assert f"{{{link.parameter}}}" in OPERATIONS[link.source].path


def test_every_operation_about_one_thing_is_where_some_answer_leads() -> None:
    about_one = {operation.id for operation in operations.ALL if "{" in operation.path}
    assert about_one <= {link.target for link in links.ALL}
