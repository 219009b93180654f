"""Packages of npm that are taken as they are: packed by npm, checked against a pinned hash, unpacked without Node."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.artefacts import artefact
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError
from deploy.local.provision_node import Node, provision_node


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """A package and the files that are taken from it. `integrity` is npm's own word for the hash of its tarball."""

    name: str
    title: str
    version: str
    integrity: str
    files: tuple[str, ...]


def provision_npm(package: NpmPackage, cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The folder with the package's files, all in it beside one another."""
    name = f"{package.name.replace('/', '-').lstrip('@')}-{package.version}"
    return artefact(
        cache, name, package.title, lambda *at: _make(package, provision_node(cache, uv, steps), *at), steps
    )


def _make(package: NpmPackage, node: Node, scratch: Path, filled: Path, _: Note) -> None:
    tarball = _pack(package, node, scratch / "packed")
    check(package, tarball.read_bytes())
    unpack(package, tarball, filled)


def _pack(package: NpmPackage, node: Node, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    wanted = f"{package.name}@{package.version}"
    command = [*node.npm, "pack", wanted, "--pack-destination", str(folder), "--ignore-scripts", "--loglevel=error"]
    environment = {**node.environment, "npm_config_cache": str(folder / "cache")}
    says = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our npm
    found = list(folder.glob("*.tgz"))
    if says.returncode != 0 or len(found) != 1:
        raise StackError(f"{wanted} cannot be downloaded: {' '.join(says.stderr.split()) or 'npm said nothing'}")
    return found[0]


def check(package: NpmPackage, tarball: bytes) -> None:
    """Raises StackError unless the tarball is the one that was pinned."""
    algorithm = package.integrity.partition("-")[0]
    digest = base64.b64encode(hashlib.new(algorithm, tarball).digest()).decode()
    if f"{algorithm}-{digest}" != package.integrity:
        raise StackError(f"{package.name} {package.version} has the hash {algorithm}-{digest}: it was not installed")


def unpack(package: NpmPackage, tarball: Path, folder: Path) -> None:
    """Takes the package's files out of the tarball, and nothing else."""
    with tarfile.open(tarball) as archive:
        for name in package.files:
            content = _content(archive, f"package/{name}")
            if content is None:
                raise StackError(f"{package.name} {package.version} holds no {name}")
            (folder / Path(name).name).write_bytes(content)


def _content(archive: tarfile.TarFile, name: str) -> bytes | None:
    try:
        file = archive.extractfile(name)
    except KeyError:
        return None
    return None if file is None else file.read()
