"""What kustomize makes of an overlay: by kubectl, which has it built in, or by itself."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.local.errors import StackError

FOLDER = Path(__file__).parent
OVERLAYS = ("dev", "prod")

Resource = Mapping[str, Any]
"""One object of Kubernetes, as its YAML has it."""


class NoKustomizeError(StackError):
    """Neither kubectl nor kustomize is on the PATH."""


def render(folder: Path) -> str:
    """The resources of an overlay, as YAML. Raises NoKustomizeError, and StackError for what kustomize refuses."""
    says = subprocess.run([*_kustomize(), str(folder)], capture_output=True, text=True, check=False)  # noqa: S603
    if says.returncode != 0:
        raise StackError(f"{folder.name}: {' '.join(says.stderr.split())}")
    return says.stdout


def _kustomize() -> tuple[str, str]:
    for program, verb in (("kubectl", "kustomize"), ("kustomize", "build")):
        if found := shutil.which(program):
            return found, verb
    raise NoKustomizeError("rendering deploy/k8s takes kubectl or kustomize")


def resources(text: str) -> list[Resource]:
    """What is in such YAML."""
    return [each for each in yaml.safe_load_all(text) if each]
