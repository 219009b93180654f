"""As whom PostgreSQL runs where the caller is root, which it refuses."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.layout import Layout

NOBODY = 65534


def as_whom(binaries: Path, layout: Layout) -> tuple[str, ...]:
    """What to put before a command of PostgreSQL's so that it does not run as root; nothing for an ordinary user."""
    if os.geteuid() != 0:
        return ()
    for wrapper in (_in_a_namespace(), _as_nobody()):
        if wrapper and _works((*wrapper, str(binaries / "postgres"), "--version")):
            return wrapper
    raise StackError(
        "PostgreSQL refuses to run as root, and this machine allows neither user namespaces (unshare) nor another "
        f"user (setpriv) that can read {binaries} and {layout.state}; run make as an ordinary user"
    )


def _in_a_namespace() -> tuple[str, ...]:
    """In a user namespace root is seen as nobody, and the files stay root's own."""
    unshare = shutil.which("unshare")
    return (unshare, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--") if unshare else ()


def _as_nobody() -> tuple[str, ...]:
    """Another user that may still pass root's folders on the way to the data, which is made its own."""
    setpriv = shutil.which("setpriv")
    capability = "+dac_override"
    identity = (f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    capabilities = (f"--inh-caps={capability}", f"--ambient-caps={capability}")
    return (setpriv, *identity, *capabilities, "--") if setpriv else ()


def _works(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False, cwd="/").returncode == 0  # noqa: S603 - our own


def give(wrapper: Sequence[str], *paths: Path) -> None:
    """Makes the paths nobody's where that is who PostgreSQL runs as."""
    if wrapper and tuple(wrapper) == _as_nobody():
        for path in paths:
            os.chown(path, NOBODY, NOBODY)
