"""Where the tests' servers come from: STACK=embedded (the default), containers, or auto, as `make up` has it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deploy.containers.stack import ContainerStack, build_images
from deploy.images.docker import engine
from deploy.local.stack import Stack

KINDS = ("embedded", "containers", "auto")
TAG = "latest"
EMBEDDED = {
    "client": "its clients come by the fault proxy, which the stack in containers has not",
    "storage": "a MinIO alone, and no stack: what it says to the chassis' client",
}
"""Folders of tests/stack whose tests have what only the embedded stack has; modules and tests have a marker."""


def kind() -> str:
    """Which of the two, embedded or containers."""
    asked = os.environ.get("STACK") or "embedded"
    if asked not in KINDS:
        pytest.exit(f"STACK is {asked!r}, and may be {', '.join(KINDS)}", returncode=2)
    if asked == "auto":
        return "embedded" if engine() is None else "containers"
    return asked


def only_embedded(item: pytest.Item) -> str:
    """Why a test of tests/stack is for the embedded stack alone; empty where it is not."""
    marker = item.get_closest_marker("embedded")
    return str(marker.args[0]) if marker else EMBEDDED.get(item.path.parent.name, "")


def provided(folder: Path, **options: Any) -> Stack:
    """A stack of a test's own, on free ports, which is not up yet; `options` as of `Stack.on_free_ports`."""
    if kind() == "embedded":
        return Stack.on_free_ports(folder, **options)
    return in_containers(folder, **options)


def in_containers(folder: Path, **options: Any) -> ContainerStack:
    """Likewise, in containers whatever STACK says. Images that are outdated are built once, not at each `up`."""
    _built(secure=bool(options.get("secure")))
    own: dict[str, Any] = {"stack": "containers", "docuvault_images": "docuvault", "docuvault_tag": TAG}
    return ContainerStack.on_free_ports(folder, **own, **options)


@cache
def _built(*, secure: bool) -> None:
    build_images(TAG, secure=secure)


def log_of(stack: Stack, name: str) -> str:
    """What a process has said so far, wherever it runs."""
    stack.keep_logs()
    return stack.layout.log(name).read_text()
