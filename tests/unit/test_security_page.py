"""docs/security.md is held to the tests it names: each of them exists, and each threat has one."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PAGE = CHECKOUT / "docs" / "security.md"
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+|\*)`")
_LETTERS = "STRIDE"


@cache
def names_in(path: str) -> frozenset[str]:
    file = CHECKOUT / path
    tree = ast.parse(file.read_text()) if file.is_file() else ast.Module([], [])
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def threats() -> list[list[str]]:
    """The cells of each line of a STRIDE table."""
    lines = [
        line.strip("|").split(" | ") for line in PAGE.read_text().splitlines() if re.match(r"\| [STRIDE] \|", line)
    ]
    return [[cell.strip() for cell in line] for line in lines]


def test_each_threat_has_a_test_and_each_test_that_is_named_exists() -> None:
    missing = []
    for letter, threat, done, proof in threats():
        named = _NAMED.findall(proof)
        assert letter in _LETTERS
        assert done
        assert named, threat
        missing += [
            f"{path}::{name}" for path, name in named if not names_in(path) or name not in {*names_in(path), "*"}
        ]
    assert missing == []


def test_every_kind_of_threat_is_thought_of() -> None:
    assert {letter for letter, *_ in threats()} == {*_LETTERS}
