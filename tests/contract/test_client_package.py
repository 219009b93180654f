"""The Python client is another team's dependency, too: its wheel holds one package, and wants three."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "clients" / "python" / "README.md"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As pip would build it, by the build backend of the development environment: no network."""
    folder = tmp_path_factory.mktemp("client")
    source = shutil.copytree(ROOT / "clients" / "python", folder / "source")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)  # noqa: S603 - our own command
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_wants_three_packages_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        text = next(archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA"))
    wants = [line.removeprefix("Requires-Dist: ") for line in text.splitlines() if line.startswith("Requires-Dist:")]
    assert [re.split(r"[<>=]", want)[0] for want in wants] == ["aiohttp", "docuvault-contracts", "pydantic"]


def test_the_wheel_holds_the_typed_package_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "docuvault_client/py.typed" in names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"docuvault_client"}


def test_the_package_loads_nothing_of_the_services_and_no_terminal() -> None:
    code = "import sys, docuvault_client; print(*{name.split('.')[0] for name in sys.modules})"
    path = f"import sys; sys.path[:0] = [{str(ROOT / 'contracts')!r}, {str(ROOT / 'clients' / 'python')!r}]\n"
    command = [sys.executable, "-I", "-c", path + code]
    said = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own command
    assert not {"services", "deploy", "rich", "structlog", "asyncpg", "aiokafka"} & set(said.stdout.split())


def test_the_readme_names_every_file_and_every_error() -> None:
    text, folder = README.read_text("utf-8"), ROOT / "clients" / "python" / "docuvault_client"
    assert [path.name for path in folder.glob("*.py") if f"`{path.name}`" not in text and path.stem != "__init__"] == []
    errors = re.findall(r"^class (\w+)\(DocuvaultError\)", (folder / "errors.py").read_text("utf-8"), re.MULTILINE)
    assert [name for name in errors if f"`{name}`" not in text] == []
