"""Apache Kafka's server, as the jars that kafka.lock names, downloaded by jgo and checked against their hashes."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.local.artefacts import artefact
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError, one_line

LOCK = Path(__file__).with_name("kafka.lock")
DOWNLOADS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Jar:
    """One Maven artefact and the SHA-256 its jar must have."""

    group: str
    name: str
    version: str
    sha256: str


def read_lock(text: str) -> tuple[Jar, ...]:
    """The jars of a lock's text: lines of `group:artefact:version sha256:<hex>`, comments with #."""
    return tuple(_read_line(line) for line in text.splitlines() if line and not line.startswith("#"))


def _read_line(line: str) -> Jar:
    coordinates, digest = line.split()
    group, name, version = coordinates.split(":")
    return Jar(group, name, version, digest.removeprefix("sha256:"))


def provision_kafka(cache: Path, steps: Steps) -> Path:
    """The folder with Kafka's jars."""
    text = LOCK.read_text()
    jars = read_lock(text)
    name = f"kafka-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return artefact(cache, name, "Apache Kafka", lambda *where: download(jars, *where), steps)


def _trust_the_machine() -> None:
    """Makes requests, which jgo downloads with, trust what the machine trusts rather than only its own list."""
    trusted = ssl.get_default_verify_paths()
    bundle = trusted.cafile or trusted.capath
    if bundle is not None:
        os.environ.setdefault("REQUESTS_CA_BUNDLE", bundle)


def download(jars: tuple[Jar, ...], scratch: Path, filled: Path, note: Note) -> None:
    """Puts the jars into `filled`. Raises StackError for one whose hash is another."""
    logging.getLogger("jgo").setLevel(logging.ERROR)
    _trust_the_machine()
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        for number, path in enumerate(pool.map(lambda jar: _checked(jar, scratch / "m2"), jars), start=1):
            shutil.copyfile(path, filled / path.name)
            note(f"{number} of {len(jars)} jars")


def _checked(jar: Jar, repository: Path) -> Path:
    """A jar whose hash is right. A download that was cut short earlier is thrown away and made again."""
    for _ in range(2):
        path = _resolve(jar, repository)
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found == jar.sha256:
            return path
        path.unlink()
    raise StackError(f"{path.name} has the SHA-256 {found}, {LOCK.name} says {jar.sha256}: it was not installed")


def _resolve(jar: Jar, repository: Path) -> Path:
    from jgo.maven import MavenContext  # noqa: PLC0415 - slow to import, and needed once

    try:
        project = MavenContext(repo_cache=repository).project(jar.group, jar.name)
        return Path(project.at_version(jar.version).artifact().resolve())
    except Exception as error:
        raise StackError(f"{jar.name} {jar.version} cannot be downloaded: {one_line(error)}") from error
