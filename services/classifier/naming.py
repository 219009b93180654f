"""When two names are one: by compatibility forms and case folding, whatever blanks and invisible marks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

MAX_FOLDED = 300
"""Of a folded name, in characters: some characters are twenty once they are written out."""
_SELECTORS = range(0xFE00, 0xFE10)
"""Variation selectors choose how the character before looks, in black or in colours."""


def fold(name: str) -> str:
    """The name as two names are compared; empty where nobody would see anything of it.

    Twice, since what is folded may compose anew (Unicode 15, definition D145 and section 3.13).
    """
    for _ in range(2):
        name = unicodedata.normalize("NFKC", _seen(unicodedata.normalize("NFKC", name).casefold()))
    return " ".join(name.split())


def _seen(text: str) -> str:
    return "".join(each for each in text if unicodedata.category(each) != "Cf" and ord(each) not in _SELECTORS)


def refusal(name: str) -> str | None:
    """Why the name cannot be one, for a person; None where it can."""
    folded = fold(name)
    if not folded:
        return "nothing but characters that nobody sees"
    if len(folded) > MAX_FOLDED:
        return f"more than {MAX_FOLDED} characters once its ligatures are written out"
    return None


def distinct(words: Iterable[str]) -> list[str]:
    """The words, of those that are one the first."""
    found: dict[str, str] = {}
    for word in words:
        found.setdefault(fold(word), word)
    return [word for folded, word in found.items() if folded]
