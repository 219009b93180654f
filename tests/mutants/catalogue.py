"""The deliberate faults: what each one breaks, in which file, and the tests of `make test` that must notice.

They live in the TOML files beside this one, one table each, by the part of the product they break.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


class CatalogueError(Exception):
    """An entry that cannot be used, in one line; mostly because the code it names has changed."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: `before` becomes `after` in `file`; `killed_by` are pytest's arguments, files or tests."""

    name: str
    fault: str
    file: str
    before: str
    after: str
    killed_by: tuple[str, ...]

    def apply(self, checkout: Path) -> None:
        """Breaks the file in `checkout`. Raises CatalogueError unless `before` is there exactly once."""
        path = checkout / self.file
        text = path.read_text("utf-8") if path.is_file() else ""
        if (found := text.count(self.before)) != 1:
            raise CatalogueError(f"{self.name}: {self.file} holds its text {found} times, not once")
        path.write_text(text.replace(self.before, self.after), "utf-8")


def load(folder: Path = FOLDER) -> tuple[Mutant, ...]:
    """All mutants, by file and in their order. Raises CatalogueError for an entry that is not whole."""
    mutants = tuple(
        _mutant(path, entry)
        for path in sorted(folder.glob("*.toml"))
        for entry in tomllib.loads(path.read_text("utf-8")).get("mutant", ())
    )
    if twice := [name for name, count in Counter(mutant.name for mutant in mutants).items() if count > 1]:
        raise CatalogueError(f"named twice: {', '.join(twice)}")
    return mutants


def chosen(mutants: tuple[Mutant, ...], part: str) -> tuple[Mutant, ...]:
    """Those with `part` in their name, or in the path of the file they break. Raises CatalogueError for none."""
    found = tuple(mutant for mutant in mutants if part in mutant.name or part in mutant.file)
    if not found:
        raise CatalogueError(f"no mutant has {part!r} in its name or its file's")
    return found


def _mutant(path: Path, entry: dict[str, Any]) -> Mutant:
    wanted = {field.name for field in fields(Mutant)}
    if entry.keys() != wanted:
        odd = ", ".join(sorted(entry.keys() ^ wanted))
        raise CatalogueError(f"{path.name}: {entry.get('name', 'an entry without a name')}: missing or unknown: {odd}")
    mutant = Mutant(**{**entry, "killed_by": tuple(entry["killed_by"])})
    if not mutant.killed_by or mutant.before == mutant.after:
        raise CatalogueError(f"{mutant.name}: it changes nothing, or names no test")
    return mutant
