"""What must never be in a log: what was handed out in secret, and where a log holds it all the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

_SIGNATURE = re.compile(r"\b[0-9a-f]{64}\b")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*")
_SIGNED_QUERY = re.compile(r"X-Amz-Signature(=|%3D)(?!(\[|%5B|<|\*|redacted|REDACTED))", re.IGNORECASE)
MIN_SECRET_CHARS = 12


@dataclass(slots=True)
class HandedOut:
    """The tokens that were sent and the signatures that were received, over the whole session."""

    tokens: set[str] = field(default_factory=set)
    signatures: set[str] = field(default_factory=set)

    def note_url(self, url: str) -> None:
        """Keeps the signature of a presigned URL."""
        self.signatures.update(parse_qs(urlsplit(url).query).get("X-Amz-Signature", []))


@dataclass(frozen=True, slots=True)
class Leak:
    """A line that holds what it must not; it does not repeat what."""

    file: str
    line: int
    what: str


def find_leaks(logs: Path, given: HandedOut, secrets: Iterable[str]) -> list[Leak]:
    """Every leak in every file of the folder, rotated ones too."""
    named = [secret for secret in secrets if len(secret) >= MIN_SECRET_CHARS]
    files = sorted(path for path in logs.rglob("*") if path.is_file())
    return [
        Leak(path.name, number, what)
        for path in files
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        for what in _leaks_of(line, given, named)
    ]


def _leaks_of(line: str, given: HandedOut, secrets: Iterable[str]) -> Iterator[str]:
    if _SIGNED_QUERY.search(line) or not given.signatures.isdisjoint(_SIGNATURE.findall(line)):
        yield "the signature of a URL"
    if _JWT.search(line):
        yield "a token"
    if any(secret in line for secret in secrets):
        yield "a secret of the stack"


def secrets_in(path: Path) -> set[str]:
    """All secrets of a stack's secrets.json; the cluster's id is none."""
    found = json.loads(path.read_text())
    return {text for name, value in found.items() if name != "cluster_id" for text in _texts(value)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value
