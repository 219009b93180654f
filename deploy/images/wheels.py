"""The wheels of an image, fetched before it is built: the build has no network, and knows no registry."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.images.docker import docker
from deploy.images.lockfile import Locked, requirements
from deploy.local.artefacts import artefact
from deploy.local.bootstrap import ensure_uv
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError

OLDEST_GLIBC, NEWEST_GLIBC = 5, 36
"""manylinux_2_5 to what Debian 12 has."""
_MARKERS = """
import json, os, platform, sys
print(json.dumps({
    "python_version": "%d.%d" % sys.version_info[:2], "python_full_version": platform.python_version(),
    "implementation_name": sys.implementation.name, "platform_python_implementation": platform.python_implementation(),
    "sys_platform": sys.platform, "platform_system": platform.system(), "platform_machine": platform.machine(),
    "os_name": os.name,
}))
"""


@dataclass(frozen=True, slots=True)
class Base:
    """An image with a Python, and what the markers of requirements say of that Python."""

    name: str
    python: Mapping[str, str]

    @property
    def version(self) -> str:
        """E.g. "3.11"."""
        return self.python["python_version"]

    @property
    def platforms(self) -> tuple[str, ...]:
        """What wheels call the machine, as far as its C library goes."""
        machine = self.python["platform_machine"]
        numbered = (f"manylinux_2_{minor}_{machine}" for minor in range(OLDEST_GLIBC, NEWEST_GLIBC + 1))
        return (*numbered, f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}")


def base_of(name: str) -> Base:
    """Asks a base image. Raises StackError where it has no Python, or the engine has no such image."""
    return Base(name, json.loads(docker("run", "--rm", "--network=none", name, "python3", "-c", _MARKERS)))


def provision_wheels(locked: tuple[Locked, ...], base: Base, title: str, cache: Path, steps: Steps) -> Path:
    """The folder with one wheel a package, each of a hash that its lock names."""
    text = requirements(locked)
    key = hashlib.sha256(f"{base.version} {base.platforms} {text}".encode()).hexdigest()[:16]
    fetch = _Fetch(text, base, cache)
    return artefact(cache, f"wheels-{key}", f"wheels of {title}, for Python {base.version}", fetch, steps)


@dataclass(frozen=True, slots=True)
class _Fetch:
    text: str
    base: Base
    cache: Path

    def __call__(self, scratch: Path, filled: Path, _: Note) -> None:
        scratch.mkdir(exist_ok=True)
        wanted = scratch / "requirements.txt"
        wanted.write_text(self.text)
        python = ensure_uv(self.cache).with_name("python")  # whose environment has pip, which fetches for other Pythons
        minor = self.base.version.replace(".", "")
        abis = (word for abi in (f"cp{minor}", "abi3", "none") for word in ("--abi", abi))
        platforms = (word for platform in self.base.platforms for word in ("--platform", platform))
        command = [str(python), "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", "--python-version", self.base.version]
        command += ["--implementation", "cp", *abis, *platforms, "-d", str(filled), "-r", str(wanted)]
        says = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)  # noqa: S603 - pip
        if says.returncode != 0:
            raise StackError(f"wheels cannot be fetched: {says.stderr.strip().splitlines()[-1:]}")
