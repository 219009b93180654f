"""The contracts are another team's dependency: they bring pydantic, msgspec and nothing of the services."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent.parent
DATA = Path(__file__).parent / "data" / "events"
WANTED = {"msgspec", "pydantic"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as pip would build it, by the build backend of the development environment: no network."""
    folder = tmp_path_factory.mktemp("contracts")
    source = shutil.copytree(ROOT / "contracts", folder / "source")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], source)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what `pip install ./contracts` installs: the wheel, what it wants, and what that wants."""
    folder = tmp_path_factory.mktemp("site")
    for name in set[str]().union(*map(needed, WANTED)):
        for top in top_level(name):
            source = Path(str(metadata.distribution(name).locate_file(top)))
            (folder / top).symlink_to(source)
    with ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(command: list[str], cwd: Path) -> str:
    ran = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def needed(name: str) -> set[str]:
    """A distribution and all that it needs without extras."""
    wants = [line for line in metadata.requires(name) or () if "extra ==" not in line]
    names = {found[0] for line in wants if (found := re.match(r"[\w.-]+", line))}
    return {name}.union(*(needed(each) for each in names))


def top_level(name: str) -> set[str]:
    return {path.parts[0] for path in metadata.files(name) or () if path.parts[0] not in {"..", "__pycache__"}}


def alone(site: Path, code: str) -> str:
    """Runs code with the standard library and the folder, and no other package."""
    return run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(site)!r})\n{code}"], site)


def test_the_wheel_wants_two_packages_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        text = next(archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA"))
    wants = [line.removeprefix("Requires-Dist: ") for line in text.splitlines() if line.startswith("Requires-Dist:")]
    assert [re.split(r"[<>=]", want)[0] for want in wants] == sorted(WANTED)


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        assert "docuvault_contracts/py.typed" in archive.namelist()
    assert {top for top in tops if not top.endswith(".dist-info")} == {"docuvault_contracts"}


def test_every_module_is_imported_with_those_alone(site: Path) -> None:
    modules = sorted(path.stem for path in (site / "docuvault_contracts").glob("*.py") if path.stem != "__init__")
    imports = "\n".join(f"import docuvault_contracts.{module}" for module in modules)
    seen = alone(site, f"{imports}\nprint(*(name for name in sys.modules if name.split('.')[0] in ({FORBIDDEN!r})))")
    assert seen.strip() == ""


FORBIDDEN = ("services", "deploy", "aiokafka", "asyncpg", "aiohttp", "miniopy_async", "structlog")

READ = """
import asyncio, json
from pathlib import Path
from types import SimpleNamespace

async def stored():
    for name in ("quota.rejected", "quota.reserved", "invented"):
        record = json.loads(Path({data!r}, "quota.reserved.json" if name == "invented" else name + ".json").read_text())
        headers = [(key, b"invented" if (key, name) == ("ce_type", "invented") else text.encode())
                   for key, text in record["headers"]]
        yield SimpleNamespace(headers=headers, value=record["value"].encode())

asyncio.run(follow(stored()))
"""


def test_the_lines_of_the_readme_read_stored_records(site: Path) -> None:
    found = re.search(r"```python\n(.*?)```", (ROOT / "contracts" / "README.md").read_text("utf-8"), re.DOTALL)
    assert found is not None
    said = alone(site, found[1] + READ.format(data=str(DATA)))
    assert said.split()[1:] == ["11111111-2222-4333-8444-555555555555", "1048576"]
