"""What a dead letter holds, as text that any terminal may show: it may come from an attacker. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from deploy.ops.output import printable

ROW = 16
"""Bytes of a line of a hex dump."""
DEEPEST = 100
"""Of JSON that is shown as such."""


def body_lines(value: bytes) -> Iterator[str]:
    """JSON with indents where it is JSON, else a hex dump; no line holds a control character."""
    found = parsed(value)
    if found is None:
        return hex_lines(value)
    return map(printable, _lines_of(json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(found[0])))


def _lines_of(pieces: Iterable[str]) -> Iterator[str]:
    """As they come: the indents of something deep are many times what it says."""
    line: list[str] = []
    for piece in pieces:
        first, *others = piece.split("\n")
        line.append(first)
        for other in others:
            yield "".join(line)
            line = [other]
    yield "".join(line)


def parsed(value: bytes) -> tuple[Any] | None:
    """The JSON that a value is, alone in a tuple; None where it is none, or none that can be shown as it is.

    Names that come twice, numbers that no float holds and nesting beyond DEEPEST are such.
    """
    try:
        found = json.loads(value.decode(), object_pairs_hook=_once, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    return None if _is_deep(found) else (found,)


def _is_deep(found: object) -> bool:
    level: list[object] = [found]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return True


def _inside(found: object) -> Iterable[object]:
    if isinstance(found, dict):
        return found.values()
    return found if isinstance(found, list) else ()


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError(f"{text} is no float")
    return number


def hex_lines(value: bytes) -> Iterator[str]:
    """Offset, sixteen bytes in hex, and the same as ASCII."""
    for start in range(0, len(value), ROW):
        row = value[start : start + ROW]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)  # noqa: PLR2004 - ASCII's own
        yield f"{start:08x}  {row.hex(' '):<{3 * ROW - 1}}  |{text}|"


def as_text(part: bytes) -> str:
    """A key or a header's value: as text where it is UTF-8, else as hex."""
    try:
        return printable(part.decode())
    except UnicodeDecodeError:
        return f"0x{part.hex()}"


def cut(text: str, most: int) -> str:
    """The beginning of a text, and how much more there is."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more characters)"
