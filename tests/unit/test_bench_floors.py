"""Floors share one database, and one of them has upload's own tables there: no two are of one name."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = re.compile(r"CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(\w+)", re.IGNORECASE)


def tables(folder: Path) -> set[str]:
    return {name for path in folder.rglob("*.sql") for name in TABLE.findall(path.read_text())}


def test_no_floor_makes_a_table_of_a_name_that_another_has() -> None:
    migrated, own = tables(ROOT / "services" / "upload" / "migrations"), tables(ROOT / "benchmarks")
    assert {"accounts", "documents"} <= migrated
    assert "floor_accounts" in own
    assert [name for name, count in Counter([*migrated, *own]).items() if count > 1] == []
