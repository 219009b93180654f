"""The examples for Uppy in docs/clients.md, with the packages of npm as they are, built into the cache folder.

Uppy 6 is what web/ has; Uppy 5 has a lock of its own in tests/browser/uppy. TypeScript and Vite are those of web/.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from deploy.local.artefacts import artefact
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError
from deploy.local.provision_node import Node, provision_node
from deploy.local.provision_web import PACKAGES, key_of, provision_modules, run

Version = Literal[5, 6]

HERE: Final = Path(__file__).parents[1] / "uppy"
DOCS: Final = Path(__file__).parents[3] / "docs" / "clients.md"
BASE: Final = "/uppy/"
"""Where the page is, at the API's origin."""


def example(section: str) -> str:
    """The block of TypeScript of a section of the docs."""
    _, _, after = DOCS.read_text("utf-8").partition(f"\n## {section}\n")
    found = re.search(r"^```ts\n(.*?)^```", after.partition("\n## ")[0], re.DOTALL | re.MULTILINE)
    assert found is not None, section
    return found[1]


def provision_uppy(version: Version, cache: Path, uv: Callable[[], Path], steps: Steps) -> Path:
    """The folder of the built page: index.html, and what it needs beside it."""
    integration = f"{example('Uppy')}\n{example(f'Uppy {version}')}\nexport {{ uppy }};\n"
    node = provision_node(cache, uv, steps)
    web = provision_modules(cache, node, steps)
    modules = web if version == 6 else _provision_uppy_5(cache, node, steps)

    def build(scratch: Path, filled: Path, note: Note) -> None:
        place = scratch / "page"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(HERE / "page", place)
        (place / "integration.ts").write_text(integration, "utf-8")
        (place / "node_modules").symlink_to(modules / "node_modules", target_is_directory=True)
        note("checking its types")
        _tool(node, place, web / "node_modules" / "typescript" / "bin" / "tsc", "--project", ".")
        note("bundling")
        _tool(node, place, web / "node_modules" / "vite" / "bin" / "vite.js", "build", "--base", BASE)
        shutil.copytree(place / "dist", filled, dirs_exist_ok=True)

    made_of = f"{modules.name} {web.name} {key_of(HERE, ('page',))} {integration}"
    name = f"uppy-{version}-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"
    return artefact(cache, name, f"Uppy {version}, as the docs have it", build, steps)


def _provision_uppy_5(cache: Path, node: Node, steps: Steps) -> Path:
    def install(_: Path, filled: Path, note: Note) -> None:
        note("npm ci")
        for name in PACKAGES:
            shutil.copy2(HERE / name, filled / name)
        run(node, filled, "ci", "--no-audit", "--no-fund")

    return artefact(cache, f"uppy-5-modules-{key_of(HERE, PACKAGES)}", "Uppy 5: its packages", install, steps)


def _tool(node: Node, place: Path, script: Path, *arguments: str) -> None:
    says = subprocess.run(  # noqa: S603 - our own node
        [node.program, script, *arguments], cwd=place, env=node.environment, capture_output=True, text=True, check=False
    )
    if says.returncode != 0:
        raise StackError(f"{script.stem}, of the example in docs/clients.md:\n{says.stdout}{says.stderr}".rstrip())
