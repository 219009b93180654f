"""The generated files as text by path, and how they are written, compared and frozen. Paths are relative."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]
Documents = Mapping[str, JsonObject]
"""What is generated, by its path below the folder of generated files."""


def text_of(document: JsonObject) -> str:
    """The text of one file: the same for the same document, always."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def read_tree(folder: Path) -> dict[str, JsonObject]:
    """All JSON files below a folder by their relative path; none where there is no folder."""
    return {
        str(path.relative_to(folder)): json.loads(path.read_text("utf-8")) for path in sorted(folder.rglob("*.json"))
    }


def write_tree(folder: Path, documents: Documents) -> None:
    """Makes the folder hold exactly these documents."""
    for path in _existing(folder) - set(documents):
        (folder / path).unlink()
    for path, document in documents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text_of(document), "utf-8")


def stale(folder: Path, documents: Documents) -> Iterator[str]:
    """One line for each file that is not what it should be."""
    for path, document in documents.items():
        target = folder / path
        if not target.is_file():
            yield f"{target} is missing: run `make contracts`"
        elif target.read_text("utf-8") != text_of(document):
            yield f"{target} is stale: run `make contracts`"
    for path in sorted(_existing(folder) - set(documents)):
        yield f"{folder / path} belongs to nothing any more: run `make contracts`"


def _existing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*.json")}
