"""Exceptions that say what happens next. Anything else that is raised is a bug, and is loud."""

from __future__ import annotations


class InvalidEvent(Exception):
    """Nobody can understand this record: it goes to the dead letters, and the rest of its batch goes on."""


class Transient(Exception):
    """It may pass: back off with jitter and stay on the same work; never skip it, never dead-letter it."""
