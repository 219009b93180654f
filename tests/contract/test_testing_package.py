"""docuvault-testing as other teams install it: a wheel that holds all it starts, and imports nothing of ours."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from docuvault_testing.files import COMPOSE_FILES, PORTS, SECURE, compose_folder, fill, free_ports

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "clients" / "testing"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=SOURCE, check=True, capture_output=True)  # noqa: S603 - hatchling
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_holds_the_description_of_the_stack(wheel: zipfile.ZipFile) -> None:
    for name in (*COMPOSE_FILES, SECURE):
        assert wheel.read(f"docuvault_testing/{name}") == (ROOT / "deploy" / name).read_bytes()


def test_it_imports_nothing_of_docuvault() -> None:
    imported: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
    assert imported - set(sys.stdlib_module_names) == {"testcontainers", "docuvault_testing"}


def test_what_is_started_has_secrets_that_only_its_owner_reaches(tmp_path: Path) -> None:
    fill(tmp_path, {"jwt_secret": "hush"}, {"GATEWAY_PORT": "8080"})
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "secrets" / "jwt_secret").stat().st_mode & 0o777 == 0o444, "containers have users of their own"
    assert (tmp_path / "variables.env").read_text() == "GATEWAY_PORT=8080\n"
    assert (tmp_path / "compose.yml").read_bytes() == (compose_folder() / "compose.yml").read_bytes()


def test_each_stack_has_ports_of_its_own() -> None:
    ports = free_ports()
    assert set(ports) == set(PORTS)
    assert len(set(ports.values())) == len(PORTS)
