"""JSON schemas for kubeconform, of Kubernetes' own kinds and of the operators', out of files of packages.

Nothing may be in an object that its schema does not name: an API server would drop it, or refuse it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

NAME = "{kind}-{group}-{version}.json"
LOCATION = "{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json"
"""The same, as kubeconform writes it."""
ANYTHING = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"

Schema = Mapping[str, Any]
Key = tuple[str, str, str]
"""Kind, group and version."""


def write_core(swagger: Path, folder: Path, kinds: Iterable[Key]) -> None:
    """Writes the schemas of such `kinds` as Kubernetes' OpenAPI has them."""
    definitions = json.loads(swagger.read_text())["definitions"]
    definitions[_INT_OR_STRING] = {"type": ["string", "integer"]}
    found = {key: definition for definition in definitions.values() for key in _kinds_of(definition)}
    for key in found.keys() & set(kinds):
        _write(folder, key, _whole(found[key], definitions))


def _kinds_of(definition: Schema) -> Iterator[Key]:
    for each in definition.get("x-kubernetes-group-version-kind", ()):
        yield each["kind"], each["group"], each["version"]


def _whole(schema: object, definitions: Schema) -> object:
    """With what it refers to in its place, and closed."""
    if isinstance(schema, list):
        return [_whole(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _whole(definitions[schema["$ref"].removeprefix("#/definitions/")], definitions)
    return closed({key: _whole(value, definitions) for key, value in schema.items()})


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Takes no property that it does not name, unless it says so itself."""
    free = schema.get(ANYTHING) or "additionalProperties" in schema or not isinstance(schema.get("properties"), dict)
    return schema if free else {**schema, "additionalProperties": False}


def write_definitions(files: Iterable[Path], folder: Path) -> None:
    """Writes the schemas that CustomResourceDefinitions hold."""
    for definition in (each for file in files for each in yaml.safe_load_all(file.read_text()) if each):
        spec = definition["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            _write(folder, (spec["names"]["kind"], spec["group"], version["name"]), _whole(schema, {}))


def _write(folder: Path, key: Key, schema: object) -> None:
    kind, group, version = key
    name = NAME.format(
        kind=kind.lower(), group=group or version, version=version
    )  # as kubeconform calls the core group
    (folder / name).write_text(json.dumps(schema))
