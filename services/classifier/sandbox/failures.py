"""What the parser's words mean: it has one error for all that is wrong with a document, and says more in prose."""

from __future__ import annotations

from services.classifier.reading import Unreadable

_WORDS = (
    (("password", "encrypt", "decrypt"), Unreadable.ENCRYPTED),
    (("security limit", "exceeds limit", "exceeds maximum", "too large", "too many"), Unreadable.TOO_LARGE),
    (("memory",), Unreadable.TOO_MUCH_MEMORY),
    (("timed out", "timeout"), Unreadable.TOO_SLOW),
    (("unsupported format", "could not determine mime", "missingdependency"), Unreadable.UNSUPPORTED),
    (("parsing", "corrupt", "invalid", "malformed"), Unreadable.CORRUPT),
)


def outcome_of(message: str) -> Unreadable:
    """The outcome for an error's message."""
    said = message.lower()
    found = (outcome for words, outcome in _WORDS if any(word in said for word in words))
    return next(found, Unreadable.UNREADABLE)
