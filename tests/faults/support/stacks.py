"""A stack for the tests of a module or a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack


@contextmanager
def own_stack(request: pytest.FixtureRequest, folder: Path, **options: Any) -> Iterator[Stack]:
    """A stack of `Stack.on_free_ports(folder, **options)`, up inside; its logs stay when a test failed."""
    stack = Stack.on_free_ports(folder, **options)
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
    if not request.session.testsfailed:
        stack.reset()
