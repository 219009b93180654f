"""The images, where a Docker engine answers: what each says of itself and holds, and that a commit makes one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.containers.stack import build_images
from deploy.images.catalogue import IMAGES, POSTGRES_WITH_TLS, PYTHON
from deploy.images.docker import docker, engine, inspect
from deploy.local.bootstrap import cache_folder, ensure_environment
from deploy.local.errors import StackError
from deploy.local.server_services import CHECKOUT

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(engine() is None, reason="no Docker engine answers here (DOCKER_HOST)"),
]
MOST_BYTES = {"upload": 200_000_000, "quota": 200_000_000, "janitor": 200_000_000}
LOOKS = """
import importlib.util, json, os, pathlib
tools = {"sh", "bash", "dash", "busybox", "apt", "apt-get", "dpkg", "pip", "pip3", "curl", "wget", "perl"}
there = {name for folder, _, names in os.walk("/usr") if folder.endswith("bin") for name in names}
boms = [json.loads(path.read_text()) for path in pathlib.Path("/usr/share/sbom").iterdir()]
print(json.dumps({
    "tools": sorted(tools & there), "pip": importlib.util.find_spec("pip") is not None, "user": os.getuid(),
    "boms": [[bom["bomFormat"], bom["metadata"]["component"]["name"], len(bom["components"])] for bom in boms],
}))
"""


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    build_images("latest")


@pytest.fixture
def fresh_name() -> Iterator[str]:
    """A folder of images that nobody else has; gone afterwards."""
    yield (prefix := "docuvault-twice")
    for name in ("minio", "python"):
        if inspect(f"{prefix}/{name}:latest") is not None:
            docker("rmi", f"{prefix}/{name}:latest")


def image(name: str) -> dict[str, Any]:
    found = inspect(f"docuvault/{name}:latest")
    if found is None and name == POSTGRES_WITH_TLS:
        pytest.skip("it is built where a stack is to be secure")
    assert found is not None, name
    return found


@pytest.mark.parametrize("name", [PYTHON.name, *IMAGES])
def test_an_image_says_what_it_is_and_runs_as_nobody_in_particular(name: str) -> None:
    found = image(name)
    labels = {label.removeprefix("org.opencontainers.image.") for label in found["Config"]["Labels"]}
    assert {"title", "version", "revision", "created", "base.name"} <= labels
    assert int(found["Config"]["User"].partition(":")[0]) > 10000
    assert found["Size"] <= MOST_BYTES.get(name, 600_000_000)


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_asked_for_its_health_without_a_shell(name: str) -> None:
    check = image(name)["Config"]["Healthcheck"]["Test"]
    assert check[0] == ("NONE" if name == "setup" else "CMD")


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_has_its_bill_of_materials_and_no_tools_for_an_intruder(name: str) -> None:
    entry = ("--entrypoint", "/usr/bin/python3", str(image(name)["Id"]))
    command = ("--rm", "--network=none", "--read-only", *entry)
    found = json.loads(docker("run", *command, "-c", LOOKS))
    assert found["tools"] == (["dash", "sh"] if name in {"postgres", POSTGRES_WITH_TLS} else [])
    assert not found["pip"]
    assert found["user"] > 10000
    own = [(form, parts) for form, title, parts in found["boms"] if title == f"docuvault/{name}"]
    assert [form for form, _ in own] == ["CycloneDX"]
    assert own[0][1] > 0


def test_the_same_commit_makes_the_same_image_from_nothing(fresh_name: str) -> None:
    ids = [_fresh(fresh_name) for _ in range(2)]
    assert ids[0] == ids[1]


def _fresh(prefix: str) -> list[str]:
    python = str(ensure_environment("images", cache_folder()))
    command = [python, "-m", "deploy.images", "--prefix", prefix, "build", "--fresh", "minio"]
    paths = os.pathsep.join(str(CHECKOUT / name) for name in ("", "contracts"))
    if subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, check=False, cwd=CHECKOUT).returncode:  # noqa: S603 - ours
        raise StackError("the image cannot be built")
    return [
        docker("image", "inspect", "--format", "{{.Id}}", f"{prefix}/{name}:latest") for name in ("python", "minio")
    ]
