"""What the janitor makes of what it hears about a key: whether its object stays or goes.

| known so far | heard | then |
| --- | --- | --- |
| any | document.deleted | goes, for good |
| any | a decision whose version is not newer | as before |
| deleted by its owner | any newer decision | as before, and goes once more: bytes may have come since |
| anything else | quota.reserved, newer | stays: it is paid for |
| anything else | quota.released, newer, since the document was deleted | goes, for good |
| anything else | any other quota.released, or quota.rejected, newer | goes |

In the ledger a refusal and a release are final: whatever is put to the key afterwards is refused again. So a key
that has to go never has to stay later, and the only keys that must not be touched are those whose newest known
decision is quota.reserved, and those of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal
from uuid import UUID

from docuvault_contracts.events import DocumentDeleted, QuotaRejected, QuotaReleased, QuotaReserved

Fact = QuotaReserved | QuotaRejected | QuotaReleased | DocumentDeleted
Cause = Literal["quota.rejected", "document.deleted", "quota.released"]

DELETED: Cause = "document.deleted"


class State(StrEnum):
    """What becomes of the object: it stays, it has to go, or it has been removed."""

    KEEP = "keep"
    REMOVE = "remove"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a key. `version` is that of the newest decision heard of, 0 where there was none yet.

    `cause` says why the object has to go, and is None while it stays; `deleted` that its owner deleted the document.
    """

    object_key: str
    document_id: UUID
    user_id: UUID
    version: int = 0
    state: State = State.KEEP
    cause: Cause | None = None
    deleted: bool = False


def learn(known: Known, fact: Fact) -> Known:
    """What is known after `fact`; the very same object where the fact is no news."""
    if isinstance(fact, DocumentDeleted):
        return known if known.deleted else _deleted(known)
    if fact.version <= known.version:
        return known
    newer = replace(known, version=fact.version)
    return newer if known.deleted else _decided(newer, fact)


def _decided(known: Known, fact: QuotaReserved | QuotaRejected | QuotaReleased) -> Known:
    match fact:
        case QuotaReserved():
            return replace(known, state=State.KEEP, cause=None)
        case QuotaRejected():
            return replace(known, state=State.REMOVE, cause="quota.rejected")
        case QuotaReleased(reason="document_deleted"):
            return _deleted(known)
        case QuotaReleased():
            return replace(known, state=State.REMOVE, cause="quota.released")


def _deleted(known: Known) -> Known:
    """A deletion is heard of twice, from its owner and from the ledger, in either order; it is one order to remove."""
    return replace(known, state=State.REMOVE, cause=DELETED, deleted=True)


def learn_all(known: Known, facts: Iterable[Fact]) -> Known:
    """What is known after several facts about the one key, in the order in which they arrived."""
    for fact in facts:
        known = learn(known, fact)
    return known
