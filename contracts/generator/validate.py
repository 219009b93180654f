"""The generated files judged by the standards' own tools; each problem is one line."""

from __future__ import annotations

from collections.abc import Iterator

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import SchemaError  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from generator import asyncapi, openapi
from generator.asyncapi_tool import asyncapi_problems
from generator.examples import all_bodies, all_events
from generator.files import Documents
from generator.schemas import event_path, http_path


def problems(documents: Documents) -> Iterator[str]:
    """Everything that any of the tools has to say; nothing where all is well."""
    wrong = {path: told for path in documents if (told := _schema_problem(path, documents))}
    yield from wrong.values()
    yield from _example_problems({path: document for path, document in documents.items() if path not in wrong})
    for error in OpenAPIV31SpecValidator(documents[openapi.PATH]).iter_errors():
        yield f"{openapi.PATH}: {error.json_path}: {error.message}"
    yield from (f"{asyncapi.PATH}: {line}" for line in asyncapi_problems(documents[asyncapi.PATH]))


def _schema_problem(path: str, documents: Documents) -> str | None:
    try:
        Draft202012Validator.check_schema(documents[path] if path.startswith("schemas/") else {})
    except SchemaError as error:
        return f"{path}: {error.json_path}: {error.message}"
    return None


def _example_problems(documents: Documents) -> Iterator[str]:
    examples = {event_path(event.type): event.model_dump(mode="json") for event in all_events()}
    examples |= {http_path(type(body)): body.model_dump(mode="json") for body in all_bodies()}
    for path, example in ((path, example) for path, example in examples.items() if path in documents):
        validator = Draft202012Validator(documents[path], format_checker=Draft202012Validator.FORMAT_CHECKER)
        yield from (f"{path}: its example: {error.message}" for error in validator.iter_errors(example))
