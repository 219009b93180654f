"""The packages of the locks, by the names that databases of vulnerabilities know them by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
REQUIREMENTS = CHECKOUT / "requirements"
KAFKA_LOCK = CHECKOUT / "deploy" / "local" / "kafka.lock"
NPM_FOLDERS = ("web", "tests/browser/oidc", "tests/browser/uppy", "contracts/tools/asyncapi")

_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_JAR = re.compile(r"^([^\s:#]+:[^\s:]+):(\S+) sha256:", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """`ecosystem` is OSV's word for where it comes from: PyPI, Maven, npm, Go."""

    ecosystem: str
    name: str
    version: str

    def __str__(self) -> str:
        """As a person names it."""
        return f"{self.name} {self.version} ({self.ecosystem})"


def pinned(text: str) -> Iterator[Package]:
    """The packages of a lock of Python packages."""
    return (Package("PyPI", name.lower(), version) for name, version in _PINNED.findall(text))


def jars(text: str) -> Iterator[Package]:
    """The packages of Kafka's lock."""
    return (Package("Maven", name, version) for name, version in _JAR.findall(text))


def python_packages(*locks: str) -> list[Package]:
    """Those of the named locks, of all locks where none is named; each once."""
    paths = [REQUIREMENTS / f"{name}.lock" for name in locks] or sorted(REQUIREMENTS.glob("*.lock"))
    return sorted({package for path in paths for package in pinned(path.read_text())})


def kafka_packages() -> list[Package]:
    """Kafka's jars."""
    return sorted(jars(KAFKA_LOCK.read_text()))
