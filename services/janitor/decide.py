"""What the janitor makes of what it hears about a key: whether its object stays or goes, and when it is looked up.

| known so far | heard | then |
| --- | --- | --- |
| any | document.deleted | goes, for good; nothing to look for |
| any | a decision whose version is not newer | as before; what was reserved is learnt where it was unknown |
| deleted by its owner | any newer decision | as before, and goes once more: bytes may have come since |
| anything else | quota.reserved, newer | stays: it is paid for; nothing to look for |
| anything else | quota.released, newer, since the document was deleted | goes, for good; nothing to look for |
| anything else | any other quota.released, or quota.rejected, newer | goes; nothing to look for |
| neither decided nor deleted | upload.requested, the first | looked up once its age and its URL are past |
| decided or deleted | upload.requested, the first | nothing to look for |
| any | upload.requested, heard before | as before |
| not deleted by its owner | upload.requested, a reminder | looked up now: somebody missed what was said |
| deleted by its owner | a reminder | as before |
| any | upload.requested, the first, in parts | as above, and the uploads of its key are ended once its URLs are dead |

In the ledger a refusal and a release are final: whatever is put to the key afterwards is refused again. So a key
that has to go never has to stay later, and the only keys that must not be touched are those whose newest known
decision is quota.reserved, and those of which nothing is known.

What a look into the store finds is said, never acted upon (ADR 21):

| known | in the store | said | looked up again |
| --- | --- | --- | --- |
| no decision | the object | object.observed: its notification was lost | in the next sweep, unless a decision comes |
| a decision, and a reminder | the object | object.observed: the ledger says its decision again | no |
| no decision, its URL is dead | nothing | upload.abandoned | no |
| no decision, its URL may live | nothing | nothing | once the URL is dead |
| a decision, and a reminder | nothing | object.missing: the ledger says its decision again | no |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, TypedDict
from uuid import UUID

from docuvault_contracts.events import DocumentDeleted, QuotaRejected, QuotaReleased, QuotaReserved, UploadRequested

Decision = QuotaReserved | QuotaRejected | QuotaReleased
Fact = Decision | DocumentDeleted | UploadRequested
Cause = Literal["quota.rejected", "document.deleted", "quota.released"]

DELETED: Cause = "document.deleted"


class State(StrEnum):
    """What becomes of the object: it stays, it has to go, or it has been removed."""

    KEEP = "keep"
    REMOVE = "remove"
    REMOVED = "removed"


class Ledger(StrEnum):
    """The ledger's newest word on a key."""

    RESERVED = "reserved"
    REJECTED = "rejected"
    RELEASED = "released"


class _Order(TypedDict, total=False):
    """Parts of Known: whether the object has to go, and why."""

    state: State
    cause: Cause | None
    deleted: bool


_DELETION: _Order = {"state": State.REMOVE, "cause": DELETED, "deleted": True}
_LEDGER = {QuotaReserved: Ledger.RESERVED, QuotaRejected: Ledger.REJECTED, QuotaReleased: Ledger.RELEASED}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an upload is waited for: `age` from its request, `grace` from its URL's end; `every` is a sweep."""

    age: timedelta
    grace: timedelta
    every: timedelta

    def until(self, requested_at: datetime, expires_at: datetime) -> datetime:
        """When an upload of which nothing was heard is looked up; from then on its URL is dead."""
        return max(requested_at + self.age, expires_at + self.grace)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a key. `version` is that of the newest decision heard of, 0 where there was none yet.

    `cause` says why the object has to go, and is None while it stays; `deleted` that its owner deleted the document.
    `look_at` is when the sweep has to look it up, None where there is nothing to look for. `etag` and `size_bytes` are
    of what is reserved; None also where it was decided before anyone wrote them down. `multipart`: its bytes come in
    parts, some of which may lie in the store without an object; `end_at` is when the sweep has to end the uploads of
    the key, whatever became of it, None where that is done or there are none.
    """

    object_key: str
    document_id: UUID
    user_id: UUID
    version: int = 0
    state: State = State.KEEP
    cause: Cause | None = None
    deleted: bool = False
    requested_at: datetime | None = None
    expires_at: datetime | None = None
    look_at: datetime | None = None
    ledger: Ledger | None = None
    etag: str | None = None
    size_bytes: int | None = None
    abandoned_at: datetime | None = None
    multipart: bool = False
    end_at: datetime | None = None


def learn(known: Known, fact: Fact, patience: Patience) -> Known:
    """What is known after `fact`; the very same object where the fact is no news."""
    match fact:
        case UploadRequested():
            after = _requested(known, fact, patience)
        case DocumentDeleted():
            after = _in_parts(known, fact) if known.deleted else _deleted(_in_parts(known, fact))
        case _ if fact.version <= known.version:
            after = _complete(known, fact)
        case _:
            after = _decided(known, fact)
    return known if after == known else after


def _requested(known: Known, fact: UploadRequested, patience: Patience) -> Known:
    heard = known.requested_at is not None
    after = known if heard else replace(known, requested_at=fact.requested_at, expires_at=fact.expires_at)
    if fact.multipart and not heard:
        after = replace(after, multipart=True, end_at=patience.until(fact.requested_at, fact.expires_at))
    if known.deleted:
        return after
    if fact.reminded_at is not None:
        return replace(after, look_at=min(known.look_at or fact.reminded_at, fact.reminded_at))
    if heard or known.version:
        return after
    return replace(after, look_at=patience.until(fact.requested_at, fact.expires_at))


def _complete(known: Known, fact: Decision) -> Known:
    """A reservation that was heard of before there were columns for what it holds."""
    unknown = known.ledger is Ledger.RESERVED and known.etag is None and fact.version == known.version
    if unknown and isinstance(fact, QuotaReserved):
        return replace(known, etag=fact.etag, size_bytes=fact.size_bytes)
    return known


def _decided(known: Known, fact: Decision) -> Known:
    held = (fact.etag, fact.size_bytes) if isinstance(fact, QuotaReserved) else (None, None)
    return replace(
        known, version=fact.version, ledger=_LEDGER[type(fact)], look_at=None, abandoned_at=None,
        etag=held[0], size_bytes=held[1], **({} if known.deleted else _order(fact)),
    )  # fmt: skip


def _order(fact: Decision) -> _Order:
    match fact:
        case QuotaReserved():
            return {"state": State.KEEP, "cause": None}
        case QuotaRejected():
            return {"state": State.REMOVE, "cause": "quota.rejected"}
        case QuotaReleased(reason="document_deleted"):
            return _DELETION
        case QuotaReleased():
            return {"state": State.REMOVE, "cause": "quota.released"}


def _deleted(known: Known) -> Known:
    """A deletion is heard of twice, from its owner and from the ledger, in either order; it is one order to remove."""
    return replace(known, look_at=None, abandoned_at=None, **_DELETION)


def _in_parts(known: Known, fact: DocumentDeleted) -> Known:
    """Where its request was never heard of, or is yet to come."""
    return replace(known, multipart=True) if fact.multipart else known


def learn_all(known: Known, facts: Iterable[Fact], patience: Patience) -> Known:
    """What is known after several facts about the one key, in the order in which they arrived."""
    for fact in facts:
        known = learn(known, fact, patience)
    return known


class Finding(StrEnum):
    """What a look into the store comes to: what is said of it, or that it is too early to say."""

    OBSERVED = "observed"
    ABANDONED = "abandoned"
    MISSING = "missing"
    TOO_EARLY = "too_early"


@dataclass(frozen=True, slots=True)
class Due:
    """An upload that has to be looked up, as it was known at `now`, by the database's clock."""

    object_key: str
    document_id: UUID
    user_id: UUID
    version: int
    requested_at: datetime
    expires_at: datetime
    look_at: datetime
    now: datetime


def find(due: Due, *, present: bool, patience: Patience) -> Finding:
    """What it comes to that the store holds the object, or does not."""
    if present:
        return Finding.OBSERVED
    if due.version:
        return Finding.MISSING
    dead = due.now >= patience.until(due.requested_at, due.expires_at)
    return Finding.ABANDONED if dead else Finding.TOO_EARLY


def next_look(due: Due, finding: Finding, patience: Patience) -> datetime | None:
    """When it is to be looked up again, should nothing be heard until then: not in this sweep, but in the next."""
    match finding:
        case Finding.OBSERVED:
            return None if due.version else due.now + patience.every / 2
        case Finding.TOO_EARLY:
            return patience.until(due.requested_at, due.expires_at)
        case Finding.MISSING | Finding.ABANDONED:
            return None
