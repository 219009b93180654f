"""Which Compose is run: the machine's, as a plugin or a program, else one that is built of what is pinned."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.containers import compose
from deploy.containers.provision_compose import COMPOSE

LACKS_IT = "#!/bin/sh\necho \"docker: 'compose' is not a docker command.\" >&2\nexit 1\n"
HAS_IT = "#!/bin/sh\nexit 0\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all programs there are."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(compose, "provision_compose", lambda: Path("/built/docker-compose"))
    return tmp_path


def put(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_a_plugin_comes_first(machine: Path) -> None:
    docker = put(machine, "docker", HAS_IT)
    put(machine, "docker-compose", HAS_IT)
    assert compose.program() == (docker, "compose")


def test_a_program_of_the_machine_comes_before_one_that_is_built(machine: Path) -> None:
    put(machine, "docker", LACKS_IT)
    program = put(machine, "docker-compose", HAS_IT)
    assert compose.program() == (program,)


def test_what_no_machine_has_is_built(machine: Path) -> None:
    put(machine, "docker", LACKS_IT)
    assert compose.program() == ("/built/docker-compose",)


def test_what_is_built_is_pinned_with_all_that_goes_in() -> None:
    required, sums = ((COMPOSE.folder / name).read_text() for name in ("go.mod", "go.sum"))
    wanted = re.sub(r"^exclude \(.*?^\)", "", required, flags=re.MULTILINE | re.DOTALL)
    pinned = dict(re.findall(r"^(?:require |\t)(\S+) (v\S+)", wanted, re.MULTILINE))
    (package,) = COMPOSE.programs.values()
    assert package.removesuffix("/cmd") in pinned
    assert all(
        f"{module} {version}/go.mod h1:" in sums for module, version in pinned.items() if "exclude" not in module
    )
