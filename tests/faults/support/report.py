"""What a test measured, told at the end of the run; nothing of it is asserted here."""

from __future__ import annotations

LINES: list[str] = []


def note(line: str) -> None:
    """Adds a line to what the run says at its end."""
    LINES.append(line)
