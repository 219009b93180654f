"""Every migration leaves the release before it able to go on, or says that it contracts and what for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.migration_rules import findings, statements

SERVICES = Path(__file__).parents[2] / "services"
MIGRATIONS = sorted(SERVICES.glob("*/migrations/*.sql"))
BEFORE_ANY_RELEASE = {
    "quota/0002_rows_by_document.sql",
    "quota/0003_balance.sql",
    "quota/0004_repairs.sql",
}
"""They take something away, and cannot be edited any more; there was nobody to take it from."""


def name_of(path: Path) -> str:
    return f"{path.parts[-3]}/{path.name}"


@pytest.mark.parametrize("path", MIGRATIONS, ids=name_of)
def test_the_release_before_can_go_on_beside_a_migration(path: Path) -> None:
    found = findings(path.read_text("utf-8"))
    assert (found == []) or name_of(path) in BEFORE_ANY_RELEASE, found


def test_an_exception_is_one_that_is_needed() -> None:
    needed = {name_of(path) for path in MIGRATIONS if findings(path.read_text("utf-8"))}
    assert needed == BEFORE_ANY_RELEASE


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DROP TABLE things", "drops something"),
        ("ALTER TABLE things\n    DROP COLUMN note", "drops a column"),
        ("ALTER TABLE things DROP CONSTRAINT positive", "drops a column or a constraint"),
        ("ALTER TABLE things RENAME COLUMN a TO b", "renames"),
        ("ALTER TABLE things RENAME TO others", "renames"),
        ("ALTER TABLE things ALTER COLUMN a SET NOT NULL", "makes a column NOT NULL"),
        ("ALTER TABLE things ALTER a TYPE bigint", "changes a column's type"),
        ("ALTER TABLE things ALTER COLUMN a DROP DEFAULT", "takes a default away"),
        ("ALTER TABLE things ADD COLUMN note text NOT NULL", "adds note, NOT NULL"),
        ("ALTER TABLE things ADD a int, ADD COLUMN b numeric(4, 2) NOT NULL CHECK (b > 0)", "adds b, NOT NULL"),
        ("CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$", "replaces"),
        ("DELETE FROM things", "deletes rows"),
        ("REVOKE UPDATE ON things FROM CURRENT_USER", "takes a right away"),
        ("CREATE TABLE others (id int); REVOKE UPDATE ON others, things FROM CURRENT_USER", "takes a right away"),
        ("SELECT 1; -- harmless\nTRUNCATE things", "truncates"),
    ],
)
def test_what_would_take_something_from_the_release_before_is_found(sql: str, says: str) -> None:
    (found,) = findings(sql)
    assert says in found


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE things (id int NOT NULL); CREATE INDEX ON things (id)",
        "ALTER TABLE things ADD COLUMN note text, ADD COLUMN size bigint NOT NULL DEFAULT 0",
        "CREATE TABLE things (id int); REVOKE UPDATE, DELETE ON things FROM CURRENT_USER",
        "ALTER TABLE things ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
        "-- DROP TABLE things;\nSELECT 'DROP TABLE things;'",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM things; END $$",
        "-- contracts: things.note, last used by 0009_notes.sql\nALTER TABLE things DROP COLUMN note",
    ],
)
def test_what_only_adds_or_says_that_it_contracts_is_let_through(sql: str) -> None:
    assert findings(sql) == []


def test_strings_comments_and_bodies_are_no_statements() -> None:
    sql = "SELECT 'a;b'; /* c; */ DO $x$ BEGIN PERFORM 1; END $x$; -- d;\n"
    assert statements(sql) == ["SELECT ''", "DO ''"]
