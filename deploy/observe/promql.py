"""What a PromQL expression speaks of, read without a parser: metrics, ours and the store's, and their labels."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SELECTOR = re.compile(r"\b((?:[a-z_]+:)?(?:docuvault|minio)_[a-z0-9_]+(?::[a-z0-9_]+)?)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)\s*\"([^\"]*)\"")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")


def selectors(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each metric or recorded name, with the labels it is asked for and their values (or patterns)."""
    for name, inside in _SELECTOR.findall(expression):
        yield name, dict(_MATCHER.findall(inside or ""))


def groupings(expression: str) -> set[str]:
    """The labels that results are grouped by."""
    return {label.strip() for inside in _GROUPING.findall(expression) for label in inside.split(",") if label.strip()}
