"""Where the tests' servers come from: STACK=embedded (the default), containers, or auto, as `make up` has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.containers.stack import ContainerStack
from deploy.images.docker import engine
from deploy.local.stack import Stack

KINDS = ("embedded", "containers", "auto")


def kind() -> str:
    """Which of the two, embedded or containers."""
    asked = os.environ.get("STACK") or "embedded"
    if asked not in KINDS:
        pytest.exit(f"STACK is {asked!r}, and may be {', '.join(KINDS)}", returncode=2)
    if asked == "auto":
        return "embedded" if engine() is None else "containers"
    return asked


def provided(folder: Path) -> Stack:
    """A stack of the session's own, on free ports, which is not up yet."""
    return Stack.on_free_ports(folder) if kind() == "embedded" else ContainerStack.on_free_ports(folder)
