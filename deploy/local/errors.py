"""The one exception of the stack: a reason a person can act on."""

from __future__ import annotations


class StackError(Exception):
    """Why the stack cannot do what was asked, in one line that says what to do or where to look."""


def one_line(error: BaseException) -> str:
    """The words of any exception on one line, its type first where it is not a StackError."""
    words = " ".join(str(error).split())
    return words if isinstance(error, StackError) else f"{type(error).__name__}: {words}"
