"""PostgreSQL's clusters, held to the types of CloudNativePG's API as an npm package has them, made from its Go code.

No registry here has its resource definitions. What is checked is types, formats and the values of enumerations; a field
that CloudNativePG does not know is not found.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.k8s.kustomize import Resource
from deploy.local.artefacts import artefact
from deploy.local.bootstrap import cache_folder
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError
from deploy.local.provision_node import Node, provision_node
from deploy.local.provision_web import run

FOLDER = Path(__file__).with_name("cnpg")
FILES = (".npmrc", "package.json", "package-lock.json", "validate.js")


def validate(clusters: Sequence[Resource], uv: Callable[[], Path], steps: Steps) -> None:
    """Raises StackError that names what is wrong."""
    node = provision_node(cache_folder(), uv, steps)
    place = _packages(node, steps)
    says = subprocess.run(  # noqa: S603 - our own node
        [str(node.program), "validate.js"],
        cwd=place,
        env=node.environment,
        input=json.dumps(clusters),
        capture_output=True,
        text=True,
        check=False,
    )
    if says.returncode != 0:
        raise StackError(f"CloudNativePG: {says.stdout.strip() or says.stderr.strip()[-500:]}")


def _packages(node: Node, steps: Steps) -> Path:
    key = hashlib.sha256(b"\0".join((FOLDER / name).read_bytes() for name in FILES)).hexdigest()[:16]

    def make(_: Path, filled: Path, note: Note) -> None:
        note("npm ci")
        for name in FILES:
            shutil.copy2(FOLDER / name, filled / name)
        run(node, filled, "ci", "--no-audit", "--no-fund", "--omit=dev")

    return artefact(cache_folder(), f"cnpg-{key}", "types of CloudNativePG", make, steps)
