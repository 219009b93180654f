"""What `docuvault explain` looks at, and what it finds.

Sizes are bytes, etags are without quotes, times are timezone-aware, `*_ns` are nanoseconds since the epoch by the
store's clock. All text in here is as it was found, and may be hostile: whoever shows it escapes it (explain_text.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deploy.ops.dlq.letters import Place
from deploy.ops.explain_states import Verdict

NS_PER_SECOND = 1_000_000_000
LIVE = frozenset({"uploaded", "classified", "classification_failed"})
"""The statuses of a document whose bytes are there and paid for."""


@dataclass(frozen=True, slots=True)
class Document:
    """The upload service's row. `version` and the numbers are of the ledger's newest word that it has heard."""

    id: str
    user_id: str
    object_key: str
    filename: str
    content_type: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    status: str
    size_bytes: int = 0
    etag: str | None = None
    reason: str | None = None
    version: int = 0

    @property
    def is_tombstone(self) -> bool:
        """Whether its owner no longer sees it."""
        return self.status in {"rejected", "deleted"}

    @property
    def is_deleted_by_owner(self) -> bool:
        """Whether nothing can bring it back."""
        return self.status == "deleted" and self.reason == "document_deleted"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of the ledger, the newest or a superseded one; `used_bytes` and `limit_bytes` are right after it."""

    state: str
    version: int
    size_bytes: int
    rejected_bytes: int
    released_bytes: int
    etag: str | None
    observed_ns: int
    reason: str | None
    used_bytes: int
    limit_bytes: int
    decided_at: datetime
    origin: Place


@dataclass(frozen=True, slots=True)
class Known:
    """The janitor's row. `look_at` is when its sweep looks the key up, `ledger` the newest decision it has heard."""

    state: str
    version: int
    changed_at: datetime
    cause: str | None = None
    deleted: bool = False
    removed_at: datetime | None = None
    ledger: str | None = None
    requested_at: datetime | None = None
    look_at: datetime | None = None
    abandoned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Filing:
    """The classifier's row. Where it waits, `before` is how many go before it; `told_at` is of its `outcome`."""

    changed_at: datetime
    outcome: str | None
    told_at: datetime | None
    waits: bool
    due_at: datetime | None
    at_work: bool | None
    attempts: int
    before: int


@dataclass(frozen=True, slots=True)
class Account:
    """The user's line in the ledger, and the sum of what is reserved, which it should equal."""

    used_bytes: int
    limit_bytes: int
    reserved_bytes: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds under the key; `observed_ns` is the object's time, rounded up to its millisecond."""

    size_bytes: int
    etag: str
    observed_ns: int

    @property
    def at(self) -> datetime:
        """When it was put, by the store's clock."""
        return datetime.fromtimestamp(self.observed_ns / NS_PER_SECOND, UTC)


@dataclass(frozen=True, slots=True)
class Unsent:
    """An event about the document that has not left the outbox of the upload service; `before` rows go first."""

    type: str
    created_at: datetime
    before: int


@dataclass(frozen=True, slots=True)
class Job:
    """A job's row: when it runs next, when it last ended well, and why it last failed."""

    due_at: datetime
    finished_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A record about the key; `type` is the event's, or MinIO's name of it, and `what` a few words."""

    place: Place
    at: datetime
    type: str
    what: str
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record about the key that a group could not understand; `origin` is where it came from.

    `done` is what an operator did about it, and when; None where nobody has.
    """

    group: str
    place: Place
    at: datetime
    cause: str
    reason: str
    origin: str
    done: str | None = None

    @property
    def name(self) -> str:
        """What `docuvault dlq` calls it."""
        return f"{self.group}/{self.place.partition}/{self.place.offset}"


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group: how many processes read for it, how far it is in each partition, how much is left.

    `committed` maps topic and partition to the offset it reads next. `halted` says that dead letters hold it back.
    """

    name: str
    members: int
    lag: int
    committed: Mapping[tuple[str, int], int]
    halted: bool = False


@dataclass(frozen=True, slots=True)
class Kafka:
    """What Kafka tells of one key; `looked_at` is before anything else was read.

    There was no time for `unread` records, `open_unread` of which some group has not settled either; `left_out` are
    about the key, and too many to be kept.
    """

    looked_at: datetime
    groups: Mapping[str, Group]
    heard: Sequence[Heard] = ()
    dead: Sequence[DeadLetter] = ()
    unread: int = 0
    open_unread: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one object key, read after `kafka` was; what is None is not there.

    `kafka` is None where Kafka is away, `away` maps servers that could not be asked to why. `now` is the database's.
    """

    key: str
    now: datetime
    document: Document | None = None
    decisions: Sequence[Decision] = ()
    known: Known | None = None
    filing: Filing | None = None
    account: Account | None = None
    stored: Stored | None = None
    unsent: Unsent | None = None
    sweep: Job | None = None
    kafka: Kafka | None = None
    away: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()

    @property
    def decision(self) -> Decision | None:
        """The ledger's newest."""
        return self.decisions[-1] if self.decisions else None

    @property
    def is_known(self) -> bool:
        """Whether anybody but Kafka has ever heard of it."""
        return bool(self.document or self.decisions or self.known or self.stored)


@dataclass(frozen=True, slots=True)
class Explained:
    """One key: what is known, and what follows."""

    facts: Facts
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class User:
    """A user's account, and what becomes of its documents: counts by status, and those that wait, `more` beside."""

    user_id: str
    account: Account | None
    documented_bytes: int
    counts: Mapping[str, int]
    waiting: Sequence[Explained] = ()
    more: int = 0
