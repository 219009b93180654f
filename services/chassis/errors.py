"""Exceptions that say what happens next. Anything else that is raised is a bug, and is loud."""

from __future__ import annotations


class InvalidEvent(Exception):  # noqa: N818 - named for what happens next, not for being an error
    """Nobody can understand this record: it goes to the dead letters, and the rest of its batch goes on."""


class Transient(Exception):  # noqa: N818 - likewise
    """It may pass: back off with jitter and stay on the same work; never skip it, never dead-letter it."""
