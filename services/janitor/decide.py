"""What the janitor makes of what it hears about a key: whether its object stays or goes.

| known so far | heard | then |
| --- | --- | --- |
| any | document.deleted | goes, for good |
| any | a decision whose version is not newer | as before |
| deleted by its owner | any newer decision | goes again: bytes may have come since |
| anything else | quota.reserved, newer | stays: it is paid for |
| anything else | quota.rejected, quota.released, newer | goes |

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

_CAUSES: dict[type[QuotaRejected | QuotaReleased], Cause] = {
    QuotaRejected: "quota.rejected",
    QuotaReleased: "quota.released",
}


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
        return known if known.deleted else replace(known, state=State.REMOVE, cause="document.deleted", deleted=True)
    if fact.version <= known.version:
        return known
    if isinstance(fact, QuotaReserved):
        return _paid_for(known, fact.version)
    return replace(known, version=fact.version, state=State.REMOVE, cause=_CAUSES[type(fact)])


def _paid_for(known: Known, version: int) -> Known:
    if known.deleted:
        return replace(known, version=version, state=State.REMOVE, cause="document.deleted")
    return replace(known, version=version, state=State.KEEP, cause=None)


def learn_all(known: Known, facts: Iterable[Fact]) -> Known:
    """What is known after several facts about the one key, in the order in which they arrived."""
    for fact in facts:
        known = learn(known, fact)
    return known
