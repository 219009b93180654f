"""Locks the Python packages: `python -m deploy.local.locks` writes requirements/*.lock, with `--check` it compares.

A lock keeps the versions it has as long as its .in file allows them; `--upgrade` takes the newest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.local.bootstrap import REQUIREMENTS, TRUST, cache_folder, ensure_uv
from deploy.local.errors import StackError

NAMES = ("bootstrap", "go", "node", "postgres", "runtime", "classifier", "stack", "images", "dev", "bench", "docs")
PYTHONS = {"postgres": "3.12"}
"""Of what no Python of ours imports, and what says that it needs a newer one than all else does."""
OPTIONS = (
    *("--universal", "--generate-hashes", "--no-annotate", "--no-emit-index-url"),
    *("--no-emit-find-links", "--quiet", "--custom-compile-command", "make lock"),
)


def compile_locks(folder: Path, *, upgrade: bool) -> None:
    """Resolves every .in file of `folder` into its .lock, which may be there already."""
    cache = cache_folder()
    environment = {**TRUST, **os.environ, "UV_CACHE_DIR": str(cache / "uv-cache"), "UV_NO_CONFIG": "1"}
    more = ("--upgrade",) if upgrade else ()
    for name in NAMES:
        python = ("--python-version", PYTHONS.get(name, "3.11"))
        files = (f"{name}.in", "-o", f"{name}.lock")
        command = (str(ensure_uv(cache)), "pip", "compile", *OPTIONS, *python, *more, *files)
        says = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our uv
        if says.returncode != 0:
            raise StackError(f"{name}.in cannot be resolved: {' '.join(says.stderr.split())}")


def check_locks() -> None:
    """Raises StackError unless locking again would change nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "requirements"
        shutil.copytree(REQUIREMENTS, copy)
        compile_locks(copy, upgrade=False)
        for name in NAMES:
            if (copy / f"{name}.lock").read_text() != (REQUIREMENTS / f"{name}.lock").read_text():
                raise StackError(f"requirements/{name}.lock does not fit {name}.in any more; run `make lock`")


if __name__ == "__main__":
    try:
        if "--check" in sys.argv:
            check_locks()
        else:
            compile_locks(REQUIREMENTS, upgrade="--upgrade" in sys.argv)
    except (StackError, OSError) as error:
        sys.exit(f"docuvault: {error}")
