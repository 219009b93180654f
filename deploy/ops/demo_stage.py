"""How the demo speaks: titles, lines and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.box import ASCII, HEAVY_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Stage:
    """The terminal, or the file, that all is told to."""

    console: Console

    def title(self, text: str) -> None:
        """A step begins."""
        self.console.print(f"\n[bold]{text}[/bold]")

    def say(self, text: str) -> None:
        """A line; its markup is ours, what others wrote must be escaped."""
        self.console.print(f"  {text}")

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool) -> None:
        """The first column is a name; the others are `numbers`, to the right, or texts."""
        lines = HEAVY_HEAD if self.console.is_terminal else ASCII
        table = Table(columns[0], title=title, title_justify="left", box=lines)
        for column in columns[1:]:
            table.add_column(column, justify="right" if numbers else "left")
        for row in rows:
            table.add_row(*map(escape, row))
        self.console.print(table)
