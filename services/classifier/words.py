"""What a person is told of a document that is filed under nothing, or could not be classified."""

from __future__ import annotations

from collections.abc import Mapping

from services.classifier.model import Outcome
from services.classifier.reading import Unreadable

NOTES: Mapping[Outcome, str] = {
    Outcome.CORRECTED: "You took it off all topics",
    Outcome.NOTHING_FITS: "None of your topics fits well enough",
    Outcome.NO_TOPICS: "You have no topics yet",
}
"""Of a document that is filed under none."""

REASONS: Mapping[Unreadable, str] = {
    Unreadable.EMPTY: "The file is empty",
    Unreadable.ENCRYPTED: "The file is protected by a password",
    Unreadable.CORRUPT: "The file is damaged",
    Unreadable.UNSUPPORTED: "Files of this type cannot be read",
    Unreadable.NO_TEXT: "The file has no text in it",
    Unreadable.TOO_LARGE: "The file is too large to be read",
    Unreadable.TOO_SLOW: "Reading the file took too long",
    Unreadable.TOO_MUCH_MEMORY: "Reading the file took too much memory",
    Unreadable.UNREADABLE: "The file could not be read",
}
