"""What the ledger's rules speak of: the facts that come in, the rows they meet, and what settling a batch amounts to.

Sizes are bytes, `*_ns` nanoseconds since the Unix epoch by the store's clock, etags are without quotes. Several are
made for each decision, so they are msgspec's structs: as frozen as a dataclass, and made in a tenth of its time. None
can be part of a cycle, so the collector need not look at them (`gc=False`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from msgspec import Struct

from services.chassis.delivery import Origin

State: TypeAlias = Literal["reserved", "rejected", "released"]
Reason: TypeAlias = Literal["over_quota", "document_deleted", "object_removed", "already_rejected"]


class ObjectFact(Struct, frozen=True, gc=False):
    """Something that concerns one object key: of which document, and at whose expense."""

    object_key: str
    document_id: UUID
    user_id: UUID


class Observed(ObjectFact, frozen=True, gc=False):
    """The key held an object of this etag and size, whose own time is `observed_ns`.

    `asked` where somebody looked, because of a decision that is missing: who looks is answered.
    """

    etag: str
    size_bytes: int
    observed_ns: int
    asked: bool = False


class Absent(ObjectFact, frozen=True, gc=False):
    """At `observed_ns` the key held nothing; `asked` as for Observed."""

    observed_ns: int
    asked: bool = False


class Deleted(ObjectFact, frozen=True, gc=False):
    """The owner deleted the document; `asked` where that is a reminder, since no release was heard."""

    asked: bool = False


class Registered(Struct, frozen=True, gc=False):
    """A user exists, and may store `limit_bytes`."""

    user_id: UUID
    limit_bytes: int


Fact: TypeAlias = Observed | Absent | Deleted | Registered


class Account(Struct, frozen=True, gc=False):
    """What a user holds and may hold. `used_bytes` may exceed a limit that was lowered since."""

    used_bytes: int
    limit_bytes: int


class Reservation(Struct, frozen=True, gc=False):
    """A row of the ledger, which is also its last decision about the key.

    `size_bytes` is what the key holds of the account: 0 unless reserved. `etag` and `observed_ns` are of the newest
    bytes seen under the key (None and 0 where none were); `used_bytes` and `limit_bytes` are the account's right after
    the decision. `origin` is the record that decided; `version` counts the decisions about the key from 1.
    """

    object_key: str
    document_id: UUID
    user_id: UUID
    state: State
    version: int
    size_bytes: int
    rejected_bytes: int
    released_bytes: int
    etag: str | None
    observed_ns: int
    reason: Reason | None
    used_bytes: int
    limit_bytes: int
    decided_at: datetime
    origin: Origin


class Page(Struct, frozen=True, gc=False):
    """What a fact meets: the key's row and what it said before, the user's account.

    `origin` is the record that brings the fact, `now` the time that a decision gets.
    """

    row: Reservation | None
    superseded: Sequence[Reservation]
    account: Account | None
    origin: Origin
    now: datetime


class Write(Struct, frozen=True, gc=False):
    """A row to store, where the ledger still holds `replaces` (a version; 0 is no row)."""

    row: Reservation
    replaces: int


class Decided(Struct, frozen=True, gc=False):
    """A decision to publish, made now, or before and said again, with the trace of the record that brings it about."""

    decision: Reservation
    traceparent: str | None = None


class Settlement(Struct, frozen=True, gc=False):
    """What a batch amounts to: what to write, in one transaction, and what to publish after it.

    `opened` maps users to the limit of their new account. `superseded` are decisions that a later one replaced.
    `decided` is in the order of arrival. The bytes in use of an account follow from the sizes in `writes`.
    """

    opened: dict[UUID, int]
    writes: tuple[Write, ...]
    superseded: tuple[Reservation, ...]
    decided: tuple[Decided, ...]
