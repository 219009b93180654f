"""`npm audit` of each package-lock.json: npm asks its registry about all packages of the lock."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local.provision_node import Node
from deploy.supply.findings import Finding, Unreached
from deploy.supply.packages import CHECKOUT, NPM_FOLDERS, Package

SECONDS = 120


def ask_npm(node: Node, folders: Sequence[str] = NPM_FOLDERS, *options: str) -> list[Finding] | Unreached:
    """What npm's registry knows against the packages of the locks in these folders of the checkout."""
    found: dict[tuple[Package, tuple[str, ...]], Finding] = {}
    for folder in folders:
        lock = json.loads((CHECKOUT / folder / "package-lock.json").read_text())
        told = _audit(node, CHECKOUT / folder, options)
        if isinstance(told, Unreached):
            return told
        found |= {(each.package, each.ids): each for each in read_audit(told, versions_of(lock))}
    return list(found.values())


def _audit(node: Node, folder: Path, options: Sequence[str]) -> Mapping[str, Any] | Unreached:
    """What npm says. It works on a copy: it would write into the folder."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, scratch)
        command = [*node.npm, "audit", "--package-lock-only", "--json", "--audit=true", *options]
        environment = {**node.environment, "npm_config_cache": str(Path(scratch) / "cache")}
        try:
            says = subprocess.run(  # noqa: S603 - our own npm
                command, cwd=scratch, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
            )
            told = json.loads(says.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            return Unreached("npm audit", f"{folder.name}: no answer that can be read")
    if not isinstance(told, dict) or "vulnerabilities" not in told:
        return Unreached("npm audit", " ".join(str(told.get("message", "no answer")).split()))
    return told


def versions_of(lock: Mapping[str, Any]) -> Mapping[str, str]:
    """The version of each place of a lock, `node_modules/…`."""
    return {place: each.get("version", "") for place, each in lock["packages"].items() if place}


def read_audit(told: Mapping[str, Any], versions: Mapping[str, str]) -> Iterator[Finding]:
    """The findings of an audit: a package that is only affected through another one is told by that one."""
    for name, each in told["vulnerabilities"].items():
        for via in each["via"]:
            if isinstance(via, str):
                continue
            for version in sorted({versions.get(node, "") for node in each["nodes"]}):
                yield Finding(Package("npm", name, version), (via["url"].rpartition("/")[2],), via["title"])
