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
    for path in (path for path in documents if path.startswith("schemas/")):
        yield from _schema_problems(path, documents)
    yield from _example_problems(documents)
    for error in OpenAPIV31SpecValidator(documents[openapi.PATH]).iter_errors():
        yield f"{openapi.PATH}: {error.json_path}: {error.message}"
    yield from (f"{asyncapi.PATH}: {line}" for line in asyncapi_problems(documents[asyncapi.PATH]))


def _schema_problems(path: str, documents: Documents) -> Iterator[str]:
    try:
        Draft202012Validator.check_schema(documents[path])
    except SchemaError as error:
        yield f"{path}: {error.json_path}: {error.message}"


def _example_problems(documents: Documents) -> Iterator[str]:
    examples = {event_path(event.type): event.model_dump(mode="json") for event in all_events()}
    examples |= {http_path(type(body)): body.model_dump(mode="json") for body in all_bodies()}
    for path, example in examples.items():
        validator = Draft202012Validator(documents[path], format_checker=Draft202012Validator.FORMAT_CHECKER)
        yield from (f"{path}: its example: {error.message}" for error in validator.iter_errors(example))
