"""What the audit looks at, what it holds against it, and what it finds.

Sizes are bytes, etags are without quotes, times are seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

LIVE = frozenset({"uploaded", "classified", "classification_failed"})
"""The statuses of a document whose bytes are there and paid for."""
PENDING = "pending"
RESERVED = "reserved"


@dataclass(frozen=True, slots=True)
class Account:
    """One user's line in the ledger. `key` sorts it right before the user's object keys."""

    key: str
    used_bytes: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """The ledger's last decision about an object key.

    `size_bytes` is what the key holds of its account, 0 unless reserved. `overran` says that the decision took bytes
    although the account was, right after it, above the limit of that moment.
    """

    key: str
    state: str
    size_bytes: int
    etag: str | None
    overran: bool = False
    version: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """A row of the upload service; `age_seconds` counts from its creation, or, where its bytes come in parts, its end.

    `reason` is a tombstone's, `version` that of the ledger's decision it heard last, 0 for none; `changed_at` is of its
    last change. `verdict_at` is the time of what it heard of the classifier last, `topics` tells that from another.
    """

    key: str
    document_id: str
    status: str
    size_bytes: int
    etag: str | None
    age_seconds: float = 0.0
    reason: str | None = None
    version: int = 0
    changed_at: datetime | None = None
    verdict_at: datetime | None = None
    topics: str | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """A row of the classifier that has heard of the ledger: `version` is that of the newest decision it heard.

    `waits`: it is in line, and more will be said. `told_at` is the time of what was said last, `topics` tells that from
    another. `is_off`: its owner wants nothing read.
    """

    key: str
    state: str
    version: int
    waits: bool = False
    told_at: datetime | None = None
    topics: str | None = None
    is_off: bool = False


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the bucket holds under a key."""

    key: str
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload in parts that is open in the store, and what it holds; `document` is that of its key."""

    key: str
    parts: int
    bytes: int
    document: Document | None = None


Item = Account | Reservation | Document | StoredObject | Filing


@dataclass(frozen=True, slots=True)
class Holding:
    """All that is known of one key, by whom it is known."""

    key: str
    account: Account | None = None
    reservation: Reservation | None = None
    document: Document | None = None
    stored: StoredObject | None = None
    filing: Filing | None = None


class Check(StrEnum):
    """What is proved; DESIGN.md section 6 says the same in one sentence."""

    REST = "rest"
    TOTALS = "totals"
    LIMITS = "limits"
    PAID = "paid"
    OBJECTS = "objects"
    DOCUMENTS = "documents"
    WAITING = "waiting"
    PARTS = "parts"
    CLASSIFIED = "classified"


MEANING = {
    Check.REST: "nothing is undecided: every group has read all there is, every outbox is empty",
    Check.TOTALS: "used bytes = bytes reserved = bytes in the bucket = bytes of live documents, for every user",
    Check.LIMITS: "no decision took an account beyond its limit",
    Check.PAID: "every key that is paid for has its object, of that size and etag",
    Check.OBJECTS: "every object belongs to a live document and is paid for",
    Check.DOCUMENTS: "every uploaded document has its object, of the size and etag that were decided",
    Check.WAITING: "no document is pending beyond the age at which it is swept",
    Check.PARTS: "every part that lies in the store belongs to an upload that may still be completed",
    Check.CLASSIFIED: "the classifier knows all live documents and no others, and its last word is what is shown",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it must be. `bytes` is how much is at stake, where that can be said.

    `holding` is what was known of its key and of its user's account.
    """

    check: Check
    what: str
    user: str | None = None
    key: str | None = None
    bytes: int | None = None
    holding: Holding | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Work that waits somewhere: records a group has not read, rows in an outbox, dead letters."""

    where: str
    count: int


@dataclass(frozen=True, slots=True)
class Counted:
    """How much was looked at."""

    users: int = 0
    objects: int = 0
    documents: int = 0
    bytes: int = 0
    uploads: int = 0
    parts: int = 0
    part_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit found: differences are failures, notes are things to know."""

    differences: Sequence[Difference]
    notes: Sequence[str]
    counted: Counted

    @property
    def clean(self) -> bool:
        """True where every check holds."""
        return not self.differences

    def of(self, check: Check) -> list[Difference]:
        """The differences of one check, in the order in which they were found."""
        return [difference for difference in self.differences if difference.check is check]
