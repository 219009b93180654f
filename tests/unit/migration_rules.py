"""What a migration may not do in a release beside which the one before goes on (docs/how-to/upgrade.md).

Told by the text of its statements; comments, strings and bodies of functions are none. It does not know what the
release before reads, so it refuses whatever could take something from it, unless the file says that it contracts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

CONTRACTS = re.compile(r"^-- contracts: .+, last used by \S.*$", re.MULTILINE)
_NOISE = re.compile(r"--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'", re.DOTALL)
_ADDED = re.compile(
    r"\bADD\s+(?:COLUMN\s+)?(?:IF NOT EXISTS\s+)?(?!CONSTRAINT\b|CHECK\b|PRIMARY\b|UNIQUE\b|FOREIGN\b)"
    r"(\w+)\s+([^,;()]*(?:\([^()]*\))?[^,;]*)",
    re.IGNORECASE,
)
RULES = {
    r"^DROP\s": "drops something",
    r"^TRUNCATE\s": "truncates",
    r"^DELETE\s": "deletes rows",
    r"^ALTER\s.*\bRENAME\b": "renames something",
    r"^ALTER\s+TABLE\s.*\bDROP\s+(?:COLUMN|CONSTRAINT)\b": "drops a column or a constraint",
    r"^ALTER\s+TABLE\s.*\bDROP\s+(?:DEFAULT|EXPRESSION|IDENTITY)\b": "takes a default away",
    r"^ALTER\s+TABLE\s.*\bSET\s+NOT\s+NULL\b": "makes a column NOT NULL",
    r"^ALTER\s+TABLE\s.*\bALTER\s+(?:COLUMN\s+)?\w+\s+(?:SET\s+DATA\s+)?TYPE\b": "changes a column's type",
    r"^CREATE\s+OR\s+REPLACE\s+(?:FUNCTION|VIEW|TRIGGER)\b": "replaces what the release before calls",
}
_MADE = re.compile(r"\bCREATE\s+TABLE\s+(?:IF NOT EXISTS\s+)?(\w+)", re.IGNORECASE)
_REVOKED = re.compile(r"^REVOKE\s.*?\bON\s+(?:TABLE\s+)?([\w, ]+?)\s+FROM\b", re.IGNORECASE)


def findings(sql: str) -> list[str]:
    """Each thing that would take something from the release before; none of a file that says that it contracts."""
    if CONTRACTS.search(sql):
        return []
    found = statements(sql)
    made = {name for statement in found for name in _MADE.findall(statement)}
    return [what for statement in found for what in _of(statement, made)]


def statements(sql: str) -> list[str]:
    """The statements, in one line each, without comments, strings and bodies."""
    bare = _NOISE.sub(lambda match: " " if match[0].startswith(("-", "/")) else "''", sql)
    return [" ".join(part.split()) for part in bare.split(";") if part.strip()]


def _of(statement: str, made: set[str]) -> Iterator[str]:
    """`made` are the tables of this very migration, of which the release before knows nothing."""
    for pattern, what in RULES.items():
        if re.search(pattern, statement, re.IGNORECASE):
            yield f"{what}: {statement[:80]}"
    if (revoked := _REVOKED.match(statement)) and not {name.strip() for name in revoked[1].split(",")} <= made:
        yield f"takes a right away: {statement[:80]}"
    if re.match(r"ALTER\s+TABLE", statement, re.IGNORECASE):
        for name, about in _ADDED.findall(statement):
            words = about.upper()
            if "NOT NULL" in words and "DEFAULT" not in words and "GENERATED" not in words:
                yield f"adds {name}, NOT NULL and without a default: {statement[:80]}"
