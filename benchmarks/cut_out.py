"""A method without some of its lines: what they cost is the difference to the method itself."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.errors import BenchError


def without(method: Callable[..., Any], lines: str, instead: str) -> Callable[..., Any]:
    """The method compiled anew from its own source, in which `instead` stands for `lines`.

    Raises BenchError where these are not there, or more than once: then something else would be measured.
    """
    source = textwrap.dedent(inspect.getsource(method))
    if source.count(lines) != 1:
        raise BenchError(f"{method.__qualname__} has no such lines any more: {lines.strip()}")
    whole = "from __future__ import annotations\n" + source.replace(lines, instead)
    made: dict[str, Any] = {}
    exec(compile(whole, "<cut out>", "exec"), vars(sys.modules[method.__module__]), made)  # noqa: S102 - our own source
    found: Callable[..., Any] = made[method.__name__]
    return found


@contextmanager
def in_place(owner: type, name: str, other: Callable[..., Any]) -> Iterator[None]:
    """Inside the block the class has the other method."""
    before = vars(owner)[name]
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, before)
