"""What came of reading a document's bytes. Pure values: the reader makes them, out of a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Unreadable(StrEnum):
    """Why no text could be had of a document; each is final for these bytes."""

    EMPTY = "empty"
    ENCRYPTED = "encrypted"
    CORRUPT = "corrupt"
    UNSUPPORTED = "unsupported"
    NO_TEXT = "no_text"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    TOO_MUCH_MEMORY = "too_much_memory"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a document, cut to a bounded length. `language` is ISO 639-1, None where it cannot be told."""

    text: str
    media_type: str
    language: str | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class NoText:
    """Why there is none. `media_type` is the real one, by content, where it was found."""

    why: Unreadable
    media_type: str | None = None


Reading = Text | NoText


@dataclass(frozen=True, slots=True)
class Source:
    """The first bytes of an object; all of them where `size_bytes` is their number.

    What the client said of it, `content_type` and the `suffix` of its key (".md", or none), are hints and no more.
    """

    head: bytes
    size_bytes: int
    content_type: str = "application/octet-stream"
    suffix: str = ""


class Reader(Protocol):
    """Reads documents that may be hostile, within limits."""

    async def read(self, source: Source) -> Reading:
        """The text or why there is none. Raises Transient where no process to read with can be had just now."""
        ...
