"""A base image where no registry is reached: Debian's packages, by debootstrap, with Debian's own Python and pip.

Needs root, debootstrap and a mirror of Debian; takes a minute. It stands in for python:3.11-slim-bookworm.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.images.docker import client
from deploy.local.errors import StackError

TAG = "docuvault-standin/python:3.11-bookworm"
SUITE = "bookworm"
PACKAGES = "python3,python3-pip,ca-certificates,tzdata,libxml2,libgssapi-krb5-2"
"""The last three are for PostgreSQL with TLS: of what is not run nothing gets into an image."""
LEFT_OUT = (
    *("./proc", "./sys", "./dev", "./var/cache/apt/*", "./var/lib/apt/lists/*", "./var/log/*"),
    *("./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*"),
)


def make(mirror: str = "") -> str:
    """Makes the image; returns its name. Raises StackError."""
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise StackError("a stand-in for the base image takes root and debootstrap; BASE names an image that is there")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root)]
        _run([*command, mirror] if mirror else command)
        _import(root)
    return TAG


def _import(root: Path) -> None:
    excluded = [f"--exclude={path}" for path in LEFT_OUT]
    command = ["tar", "-C", str(root), *excluded, "--sort=name", "-c", "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as tar:  # noqa: S603 - the machine's tar
        _run([client(), "import", "--change", 'CMD ["python3"]', "-", TAG], source=tar)
    if tar.returncode != 0:
        raise StackError(f"tar ends with {tar.returncode}")


def _run(command: list[str], source: subprocess.Popen[bytes] | None = None) -> None:
    stdin = None if source is None else source.stdout
    says = subprocess.run(command, stdin=stdin, capture_output=True, text=True, check=False)  # noqa: S603 - named above
    if says.returncode != 0:
        words = (says.stderr.strip() or says.stdout.strip()).splitlines()[-1:]
        raise StackError(f"{command[0]} fails: {' '.join(words)}")
