"""Tests of real servers: each module runs on whichever stack STACK names, or says what only the embedded one has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.stack.support.provider import EMBEDDED

STACK = Path(__file__).parents[1] / "stack"
OF_THEIR_OWN = re.compile(
    r"\bStack\.on_free_ports\(|gateway_place import|minio_alone import|postgres_alone\(|fault_proxy",
)
ELSEWHERE = [path for path in sorted(STACK.rglob("test_*.py")) if path.parent.name not in EMBEDDED]
MODULES = [path for path in ELSEWHERE if OF_THEIR_OWN.search(path.read_text())]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_what_starts_embedded_servers_whatever_stack_was_asked_for_says_why(module: Path) -> None:
    assert "pytest.mark.embedded(" in module.read_text(), "take it from tests.stack.support.provider, or mark it"


def test_there_are_such_modules() -> None:
    assert {"test_stack_up", "test_stack_gateway_tls"} <= {path.stem for path in MODULES}


@pytest.mark.parametrize("folder", EMBEDDED)
def test_a_folder_that_is_left_out_is_there_and_has_servers_of_its_own(folder: str) -> None:
    assert OF_THEIR_OWN.search((STACK / folder / "conftest.py").read_text())
