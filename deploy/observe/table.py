"""The table of metrics in the documentation: `python -m deploy.observe.table` writes it into docs/how-to/observe.md."""

from __future__ import annotations

from pathlib import Path

from deploy.observe.catalogue import Instrument, instruments

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "observe.md"
BEGIN, END = "<!-- metrics: python -m deploy.observe.table -->\n", "<!-- end of metrics -->"


def table() -> str:
    """A line an instrument, in the order of their declaration."""
    head = "| metric | is a | labels | shown by | what it is |\n| --- | --- | --- | --- | --- |\n"
    return head + "".join(map(_line, instruments()))


def _line(each: Instrument) -> str:
    labels = ", ".join(f"`{label}`" for label in each.labels)
    return f"| `{each.shown}` | {each.kind} | {labels} | {each.owner} | {each.meaning} |\n"


def page() -> str:
    """The page as it has to be."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
