"""What is known of a document, what is claimed of it, and what came of the work: frozen values, no driver's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from docuvault_contracts.events import FiledTopic

from services.classifier.filing import Filed, NotFiled, Vector
from services.classifier.reading import Unreadable

MODEL_FAILED = "model_failed"
"""The outcome of a document whose text was read, and for which the model said nothing that could be used."""


class State(StrEnum):
    """Whether a document has bytes that are paid for. UNHEARD: the ledger has not spoken; DELETED is for good."""

    UNHEARD = "unheard"
    STORED = "stored"
    GONE = "gone"
    DELETED = "deleted"


class Outcome(StrEnum):
    """What became of a document that was classified; one that was not has an Unreadable, or MODEL_FAILED."""

    FILED = "filed"
    CORRECTED = "corrected"
    NOTHING_FITS = "nothing_fits"
    NO_TOPICS = "no_topics"


@dataclass(frozen=True, slots=True)
class Known:
    """What the rules go by. `version` is that of the ledger's newest word, 0 where it has not spoken.

    `round` grows with all that makes a classification under way outdated; `waits` while the document is in line.
    `asked_at` is the time of its owner's newest wish about it: to have it classified again, or a correction.
    `forgets` and `enters` are orders to who writes it down: what was found in older bytes goes; it is put in line anew.
    """

    document_id: UUID
    user_id: UUID
    object_key: str
    version: int = 0
    state: State = State.UNHEARD
    etag: str | None = None
    size_bytes: int = 0
    traceparent: str | None = None
    asked_at: datetime | None = None
    round: int = 0
    waits: bool = False
    corrected: bool = False
    forgets: bool = False
    enters: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A document that this replica works on, as it was when it was claimed. `attempts` counts this one.

    A `corrected` one keeps its topics and is read for its vector alone, so that it is an example of them.
    """

    document_id: UUID
    user_id: UUID
    object_key: str
    version: int
    round: int
    etag: str
    size_bytes: int
    attempts: int
    traceparent: str | None = None
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What came of reading and filing. `mismatch`: its client told another type; `had_topics`: its owner had any.

    `terms` are the words that tell most of it; None where it was not read.
    """

    what: Filed | NotFiled | Unreadable
    media_type: str | None = None
    language: str | None = None
    mismatch: bool = False
    had_topics: bool = True
    terms: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A document as it stands when a result of it is to be recorded; its row is locked. `now` is the database's."""

    document_id: UUID
    user_id: UUID
    object_key: str
    state: State
    version: int
    round: int
    waits: bool
    corrected: bool
    topics: tuple[FiledTopic, ...]
    told_at: datetime | None
    traceparent: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What is recorded and said of a document. `text` is for a person: a note, or why it `failed`."""

    outcome: str
    told_at: datetime
    topics: tuple[FiledTopic, ...] = ()
    text: str | None = None
    failed: bool = False
    media_type: str | None = None
    language: str | None = None
    mismatch: bool = False
    vector: Vector | None = field(default=None, compare=False)
    terms: tuple[str, ...] | None = None
