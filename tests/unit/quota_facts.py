"""Facts and pages of the ledger, short enough to read in a test."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from msgspec.structs import replace

from services.chassis.delivery import Delivery, Origin
from services.quota.model import Absent, Account, Deleted, Fact, Observed, Page, Reason, Registered, Reservation

USER = UUID("11111111-1111-4111-8111-111111111111")
DOCUMENT = UUID("22222222-2222-4222-8222-222222222222")
KEY = f"{USER}/{DOCUMENT}/33333333-3333-4333-8333-333333333333.pdf"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ORIGIN = Origin("storage.events", 0, 7)
_offsets = count(1000)


def observed(  # noqa: PLR0913 - each with a default
    etag: str = "a", size: int = 10, at: int = 100, key: str = KEY, user: UUID = USER, *, asked: bool = False
) -> Observed:
    """The key held `size` bytes of content `etag`, written at `at`."""
    return Observed(key, DOCUMENT, user, etag, size, at, asked)


def absent(at: int = 200, key: str = KEY, user: UUID = USER, *, asked: bool = False) -> Absent:
    """The key held nothing at `at`."""
    return Absent(key, DOCUMENT, user, at, asked)


def deleted(key: str = KEY, user: UUID = USER) -> Deleted:
    """Its owner deleted the document."""
    return Deleted(key, DOCUMENT, user)


def registered(limit: int = 100, user: UUID = USER) -> Registered:
    """The user exists."""
    return Registered(user, limit)


def delivery(fact: Fact, offset: int | None = None, topic: str = "storage.events") -> Delivery[Fact]:
    """The fact as a record of its own, or as the record of `offset`."""
    return Delivery(fact, Origin(topic, 0, next(_offsets) if offset is None else offset))


def reserved(etag: str = "a", size: int = 10, at: int = 100, version: int = 1) -> Reservation:
    """A row that holds bytes."""
    return Reservation(
        KEY, DOCUMENT, USER, "reserved", version, size, 0, 0, etag, at, None, size, 100, NOW, Origin("documents", 0, 1)
    )


def rejected(at: int = 100, reason: Reason = "over_quota", etag: str = "a") -> Reservation:
    """A tombstone of bytes that did not fit."""
    return replace(reserved(etag, 0, at), state="rejected", rejected_bytes=10, reason=reason)


def released(
    at: int = 100, reason: Reason = "document_deleted", etag: str | None = "a", version: int = 2
) -> Reservation:
    """A tombstone of bytes that were given back."""
    return replace(reserved("a", 0, at, version), state="released", released_bytes=10, etag=etag, reason=reason)


def page(
    row: Reservation | None = None,
    used: int = 0,
    limit: int = 100,
    superseded: tuple[Reservation, ...] = (),
    *,
    account: bool = True,
) -> Page:
    """What a fact meets."""
    return Page(row, superseded, Account(used, limit) if account else None, ORIGIN, NOW)
