"""A document as its row knows it. Sizes are bytes; times are timezone-aware."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from uuid import UUID

from docuvault_contracts.events import FiledTopic
from msgspec import Struct

from services.upload.steps import Step


class Status(StrEnum):
    """Where a document is in its life. The last two are tombstones: clients no longer see the document."""

    PENDING = "pending"
    UPLOADED = "uploaded"
    CLASSIFIED = "classified"
    CLASSIFICATION_FAILED = "classification_failed"
    REJECTED = "rejected"
    DELETED = "deleted"


TOMBSTONES = frozenset({Status.REJECTED, Status.DELETED})
STORED = frozenset({Status.UPLOADED, Status.CLASSIFIED, Status.CLASSIFICATION_FAILED})


class Ruling(StrEnum):
    """The ledger's newest word on the object."""

    RESERVED = "reserved"
    REJECTED = "rejected"
    RELEASED = "released"


class Reason(StrEnum):
    """Why a document is a tombstone; of the deleted ones only `document_deleted` can never live again."""

    OVER_QUOTA = "over_quota"
    ALREADY_REJECTED = "already_rejected"
    DOCUMENT_DELETED = "document_deleted"
    OBJECT_REMOVED = "object_removed"
    ABANDONED = "abandoned"


class Verdict(Struct, frozen=True, gc=False):
    """The classifier's newest word: for which `version` of the object, when, and what it found.

    `reason` is for a person: why it failed, or why it found no topic.
    """

    version: int
    at: datetime
    status: Status
    topics: tuple[FiledTopic, ...] = ()
    reason: str | None = None


class Document(Struct, frozen=True, gc=False, eq=False):
    """One row. `version` is the ledger's (0: it has not spoken), and so are the three numbers of its last decision.

    Two are equal where all is but how they came to be so: `steps`, `news` and `revision`.
    """

    id: UUID
    user_id: UUID
    object_key: str
    filename: str
    content_type: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    status: Status = Status.PENDING
    size_bytes: int = 0
    etag: str | None = None
    version: int = 0
    ruling: Ruling | None = None
    used_bytes: int = 0
    limit_bytes: int = 0
    rejected_bytes: int = 0
    reason: Reason | None = None
    verdict: Verdict | None = None
    multipart: bool = False
    """Whether its bytes come in parts; then `upload_id` is the store's of them, once it is known."""
    upload_id: str | None = None
    declared_bytes: int | None = None
    steps: str = "[]"
    """What its row has of what happened to it, as JSON; steps.py reads it."""
    news: tuple[Step, ...] = ()
    """What happened since it was read, and is to be added to that."""
    revision: str = ""
    """What its row was written by when it was read to be changed; anything written meanwhile has another."""

    def __eq__(self, other: object) -> bool:
        """See above."""
        return isinstance(other, Document) and _STATE(self) == _STATE(other)

    def __hash__(self) -> int:
        """By its id: two states of one document are seldom in one place."""
        return hash(self.id)

    @property
    def is_live(self) -> bool:
        """Whether its owner still sees it."""
        return self.status not in TOMBSTONES

    @property
    def topics(self) -> tuple[FiledTopic, ...]:
        """What it is filed under now; a verdict on bytes that are no longer there, or not yet, does not count."""
        return self.verdict.topics if self.verdict is not None and self.status is Status.CLASSIFIED else ()

    @property
    def remark(self) -> str | None:
        """Why it could not be classified, or is filed under nothing, for a person; None otherwise."""
        counts = self.status in {Status.CLASSIFIED, Status.CLASSIFICATION_FAILED}
        return self.verdict.reason if self.verdict is not None and counts else None


_HISTORY = {"steps", "news", "revision"}
_STATE = attrgetter(*(name for name in Document.__struct_fields__ if name not in _HISTORY))
