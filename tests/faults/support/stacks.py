"""A stack for the tests of a module or a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import Stack


@contextmanager
def own_stack(
    request: pytest.FixtureRequest,
    folder: Path,
    make: Callable[..., Stack] = Stack.on_free_ports,
    /,
    **options: Any,
) -> Iterator[Stack]:
    """A stack of `make(folder, **options)`, up inside; its logs stay when a test failed."""
    stack = make(folder, **options)
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
    if not request.session.testsfailed:
        stack.reset()
