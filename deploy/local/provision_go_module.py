"""Programs built from a Go module of ours, whose go.mod and go.sum pin all that goes in.

For those that cannot be installed by name: theirs replace modules by folders, or are made of parts that one chooses.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.artefacts import MARKER, artefact
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError
from deploy.local.provision_go import go_for


@dataclass(frozen=True, slots=True)
class GoModule:
    """A folder with a go.mod. `programs` are import paths of main packages, by the name each binary gets.

    `made_of` are the files that say what comes out: another one of them is another build.
    """

    name: str
    title: str
    folder: Path
    programs: Mapping[str, str]
    made_of: tuple[str, ...] = ("go.mod", "go.sum")

    @property
    def key(self) -> str:
        """Its name in the cache folder."""
        whole = b"".join((self.folder / name).read_bytes() for name in self.made_of)
        return f"{self.name}-{hashlib.sha256(whole).hexdigest()[:16]}"


def provision_module(module: GoModule, cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The folder of its programs."""
    return artefact(cache, module.key, module.title, lambda *at: _build(module, uv, *at), steps)


def module_at_hand(module: GoModule, cache: Path) -> Path | None:
    """The folder of its programs, where somebody has had them built; None where nobody has."""
    folder = cache / module.key
    return folder if (folder / MARKER).exists() else None


def _build(module: GoModule, uv: Callable[[], Path], scratch: Path, filled: Path, note: Note) -> None:
    go, environment = go_for(uv, scratch, note)
    place = scratch / "module"
    shutil.copytree(module.folder, place, dirs_exist_ok=True)
    for name, package in module.programs.items():
        note(name)
        build = [str(go), "build", "-trimpath", "-ldflags", "-s -w", "-o", str(filled / name), package]
        run_go(build, place, environment)


def run_go(command: list[str], place: Path, environment: Mapping[str, str]) -> str:
    """What it says. Raises StackError with the last of it where it fails."""
    says = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - go
    if says.returncode != 0:
        raise StackError(f"`{' '.join(command[1:3])}` failed: {' '.join(says.stderr.split())[-500:]}")
    return says.stdout
