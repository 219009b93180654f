"""What each client did and was told, and what may have become of its document by that. Pure.

A client knows of a PUT that the store has acknowledged it, or refused it, or neither: then it may have been done, and
may still be, also after what the client puts under the same URL later. So a tale may have several ends, but only these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from tests.stack.support.api import Client, Upload


@dataclass(slots=True)
class Put:
    """Bytes that were sent to the URL, once or several times. `done`: acknowledged; `loose`: once never answered."""

    data: bytes
    done: bool = False
    loose: bool = False

    @property
    def etag(self) -> str:
        """The etag of the bytes, as S3 makes it."""
        return hashlib.md5(self.data, usedforsecurity=False).hexdigest()


class Delete(Enum):
    """What a client knows of its delete."""

    NONE = "none"
    LOOSE = "loose"
    DONE = "done"


@dataclass(slots=True)
class Tale:
    """One document of one client. `limits` are the least and the largest limit that its user ever has, in bytes.

    `paid_for` is how many PUTs there had been when a confirm was last answered with 200. `filed` are the ids of the
    topics that it was filed under by hand, where that was answered with 200, and since when nothing else was wanted.
    """

    client: Client
    upload: Upload
    limits: tuple[int, int]
    puts: list[Put] = field(default_factory=list)
    paid_for: int = 0
    refused: bool = False
    deleted: Delete = Delete.NONE
    filed: tuple[str, ...] | None = None
    story: list[str] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)

    def note(self, what: str) -> None:
        """Adds to what is told of it where it ends badly."""
        self.story.append(what)

    def lie(self, what: str) -> None:
        """Adds an answer that cannot be true."""
        self.note(f"({what})")
        self.lies.append(what)

    def __str__(self) -> str:
        return f"{self.upload.key}: {', '.join(self.story)}"


@dataclass(frozen=True, slots=True)
class Ends:
    """What may have become of a document: one of `kept` is there and paid for, it is gone, or it waits for bytes."""

    kept: tuple[bytes, ...]
    gone: bool
    waiting: bool


def ends_of(tale: Tale) -> Ends:
    """All ends that fit what the client was told."""
    if tale.refused or tale.deleted is Delete.DONE:
        return Ends((), gone=True, waiting=False)
    kept = tuple(each.data for each in candidates(tale.puts) if len(each.data) <= tale.limits[1])
    stored = is_stored(tale)
    return Ends(kept, gone=not stored or may_be_gone(tale), waiting=not stored)


def candidates(puts: Sequence[Put]) -> list[Put]:
    """What the store may hold under the key: what it acknowledged last, or what it has not answered for."""
    last = next((each for each in reversed(puts) if each.done), None)
    return [each for each in puts if each is last or each.loose]


def is_stored(tale: Tale) -> bool:
    """Whether the client was ever told that its bytes are there."""
    return tale.paid_for > 0 or any(each.done for each in tale.puts)


def may_be_gone(tale: Tale) -> bool:
    """Whether a document with bytes may have been refused or deleted, for all that its client knows."""
    unpaid = [each for at, each in enumerate(tale.puts) if each.loose or (each.done and at >= tale.paid_for)]
    least, largest = tale.limits
    crowded = least < largest and bool(unpaid)  # others of the user's documents may have left no room
    return tale.deleted is not Delete.NONE or crowded or any(len(each.data) > least for each in unpaid)


def filing_of(tale: Tale) -> tuple[str, ...] | None:
    """The topics under which it must be shown; None where its client cannot know.

    What was filed is what was there then; other bytes, also some that came late, are filed anew.
    """
    alone = len(tale.puts) == 1 and tale.puts[0].done and not tale.puts[0].loose
    return tale.filed if alone else None


def judge_confirm(tale: Tale, status: int, size: int | None) -> str | None:
    """Why an answer to a confirm cannot be true; None where it can."""
    match status:
        case 200:
            if tale.refused or tale.deleted is Delete.DONE:
                return "200 of what was refused or deleted before"
            fitting = sorted({len(data) for data in ends_of(tale).kept})
            return None if size in fitting else f"200 and {size} bytes instead of {fitting}"
        case 413:
            return None if tale.refused or may_be_gone(tale) else "413 of what fits"
        case 404 | 422:
            lost = is_stored(tale) and not tale.refused and not may_be_gone(tale)
            return f"{status} of what the store has acknowledged" if lost else None
    return f"{status}"
