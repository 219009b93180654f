"""The one exception of the stack: a reason a person can act on."""

from __future__ import annotations


class StackError(Exception):
    """Why the stack cannot do what was asked, in one line that says what to do or where to look."""


def one_line(error: BaseException) -> str:
    """The words of any exception on one line, its type first, once, where it is not a StackError."""
    words, kind = " ".join(str(error).split()), f"{type(error).__name__}: "
    return words if isinstance(error, StackError) else kind + words.removeprefix(kind)
