"""The page of web/, built into the cache folder: its packages once a lock, itself once a change of its sources."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.local.artefacts import artefact
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError
from deploy.local.provision_node import Node, provision_node

WEB = Path(__file__).parents[2] / "web"
PACKAGES = (".npmrc", "package.json", "package-lock.json")
SOURCES = ("index.html", "public", "src", "tsconfig.json", "vite.config.ts")
"""What the built page depends on, beside its packages."""
NOT_OURS = ("node_modules", "dist")


def provision_web(cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The folder of the built page: index.html, and what it needs beside it."""
    name = f"web-{key_of(WEB, (*PACKAGES, *SOURCES))}"
    return artefact(cache, name, "the page", lambda _, filled, note: _build(cache, uv, steps, filled, note), steps)


def key_of(folder: Path, names: Sequence[str]) -> str:
    """A hash of these files and folders, of their names and of what is in them."""
    digest = hashlib.sha256()
    for path in _files(folder, names):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _files(folder: Path, names: Sequence[str]) -> list[Path]:
    chosen = [folder / name for name in names]
    inside = [path for one in chosen if one.is_dir() for path in one.rglob("*")]
    return sorted(path for path in (*chosen, *inside) if path.is_file())


def _build(cache: Path, uv: Callable[[], Path], steps: Steps, filled: Path, note: Note) -> None:
    with workplace(cache, uv, steps) as (node, place):
        note("bundling")
        run(node, place, "run", "build")
        shutil.copytree(place / "dist", filled, dirs_exist_ok=True)


@contextmanager
def workplace(cache: Path, uv: Callable[[], Path], steps: Steps) -> Iterator[tuple[Node, Path]]:
    """A copy of web/ with its packages, in which npm's scripts run: the checkout stays as it is."""
    node = provision_node(cache, uv, steps)
    modules = provision_modules(cache, node, steps)
    with TemporaryDirectory(prefix="docuvault-web-") as scratch:
        place = Path(scratch) / "web"
        shutil.copytree(WEB, place, ignore=shutil.ignore_patterns(*NOT_OURS))
        (place / "node_modules").symlink_to(modules / "node_modules", target_is_directory=True)
        yield node, place


def provision_modules(cache: Path, node: Node, steps: Steps) -> Path:
    """The folder that holds node_modules: what package-lock.json names, each package checked against its hash."""
    name = f"web-modules-{key_of(WEB, PACKAGES)}"
    return artefact(cache, name, "the page's packages", lambda *at: _install(node, *at), steps)


def _install(node: Node, _: Path, filled: Path, note: Note) -> None:
    note("npm ci")
    for name in PACKAGES:
        shutil.copy2(WEB / name, filled / name)
    run(node, filled, "ci", "--no-audit", "--no-fund")


def run(node: Node, folder: Path, *arguments: str) -> str:
    """What npm says. Raises StackError with its words where it fails."""
    says = subprocess.run(  # noqa: S603 - our own npm
        [*node.npm, *arguments], cwd=folder, env=node.environment, capture_output=True, text=True, check=False
    )
    if says.returncode != 0:
        raise StackError(f"`npm {' '.join(arguments)}` of web/ failed:\n{says.stdout}{says.stderr}".rstrip())
    return says.stdout
