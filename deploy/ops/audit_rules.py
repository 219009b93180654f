"""The rules of the audit, pure: one key's holdings, one user's totals, and what is wrong with either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from docuvault_contracts.keys import parse_key

from deploy.ops.audit_filings import wrong_filing
from deploy.ops.audit_model import (
    LIVE,
    PENDING,
    RESERVED,
    Account,
    Backlog,
    Check,
    Counted,
    Difference,
    Document,
    Holding,
    Report,
    Reservation,
    StoredObject,
)

USER_CHARS = 36
"""An object key starts with its user's id, and a UUID has 36 characters."""


def judge(holding: Holding, max_pending_seconds: float, *, classifies: bool = False) -> Iterator[Difference]:
    """What is wrong with one key; `classifies`: the stack has a classifier."""
    yield from _judge_object(holding)
    yield from _judge_reservation(holding)
    yield from _judge_document(holding, max_pending_seconds)
    if classifies and (what := wrong_filing(holding)) is not None:
        yield _difference(Check.CLASSIFIED, holding, 0, what)


def _judge_object(holding: Holding) -> Iterator[Difference]:
    stored = holding.stored
    why = _why_not_wanted(holding)
    if stored is not None and why is not None:
        yield _difference(Check.OBJECTS, holding, stored.size_bytes, why)


def _why_not_wanted(holding: Holding) -> str | None:
    if parse_key(holding.key) is None:
        return "an object under a key that is none of ours"
    if holding.document is None:
        return "an object without a document"
    if holding.reservation is None:
        return f"an object that nobody decided about; its document is {holding.document.status}"
    if holding.reservation.state != RESERVED:
        return f"an object whose bytes were {holding.reservation.state}"
    if holding.document.status not in LIVE:
        return f"an object whose document is {holding.document.status}"
    return None


def _judge_reservation(holding: Holding) -> Iterator[Difference]:
    paid = _paid(holding)
    if paid is None:
        return
    if holding.stored is None:
        yield _difference(Check.PAID, holding, paid.size_bytes, "paid for, but there is no object")
    elif _unlike(paid, holding.stored):
        what = f"paid for as {_shown(paid)}, but the object is {_shown(holding.stored)}"
        yield _difference(Check.PAID, holding, abs(paid.size_bytes - holding.stored.size_bytes), what)
    if paid.overran:
        yield _difference(Check.LIMITS, holding, paid.size_bytes, "reserved although it did not fit")


def _judge_document(holding: Holding, max_pending_seconds: float) -> Iterator[Difference]:
    document, reservation = holding.document, holding.reservation
    if document is not None and document.status in LIVE:
        yield from _judge_live(holding, document, _paid(holding))
    elif reservation is not None and (_paid(holding) or _is_pending(document)):
        status = document.status if document else "unknown"
        what = f"the ledger says {reservation.state}, but its document is {status}"
        yield _difference(Check.DOCUMENTS, holding, reservation.size_bytes, what)
    if document is not None and _is_pending(document) and document.age_seconds > max_pending_seconds:
        yield _difference(Check.WAITING, holding, 0, f"pending for {document.age_seconds / 60:.0f} minutes")


def _is_pending(document: Document | None) -> bool:
    return document is not None and document.status == PENDING


def _judge_live(holding: Holding, document: Document, paid: Reservation | None) -> Iterator[Difference]:
    if holding.stored is None:
        what = f"its document is {document.status}, but there is no object"
        yield _difference(Check.DOCUMENTS, holding, document.size_bytes, what)
    elif _unlike(document, holding.stored):
        what = f"its document says {_shown(document)}, the object is {_shown(holding.stored)}"
        yield _difference(Check.DOCUMENTS, holding, abs(document.size_bytes - holding.stored.size_bytes), what)
    if paid is None:
        yield _difference(
            Check.DOCUMENTS, holding, document.size_bytes, f"its document is {document.status}, but nothing is paid for"
        )
    elif _unlike(document, paid):
        what = f"its document says {_shown(document)}, the ledger {_shown(paid)}"
        yield _difference(Check.DOCUMENTS, holding, abs(document.size_bytes - paid.size_bytes), what)


def _paid(holding: Holding) -> Reservation | None:
    reservation = holding.reservation
    return reservation if reservation is not None and reservation.state == RESERVED else None


def _unlike(one: Reservation | Document, other: Reservation | StoredObject) -> bool:
    return (one.size_bytes, one.etag) != (other.size_bytes, other.etag)


def _shown(it: Reservation | Document | StoredObject) -> str:
    return f"{it.size_bytes} bytes (etag {it.etag})"


def _difference(check: Check, holding: Holding, size: int, what: str) -> Difference:
    return Difference(check, what, user_of(holding.key), holding.key, size)


def user_of(key: str) -> str | None:
    """The user a key belongs to; None for a key that is none of ours."""
    return key[:USER_CHARS] if parse_key(key) is not None else None


@dataclass(slots=True)
class Totals:
    """One user's bytes, by who counts them."""

    user: str
    account: Account | None = None
    reserved: int = 0
    stored: int = 0
    documented: int = 0

    def add(self, holding: Holding) -> None:
        """Counts one key in."""
        paid, document, stored = _paid(holding), holding.document, holding.stored
        self.reserved += paid.size_bytes if paid else 0
        self.documented += document.size_bytes if document and document.status in LIVE else 0
        self.stored += stored.size_bytes if stored else 0

    def differences(self) -> Iterator[Difference]:
        """One where the four sums are not the same."""
        used = self.account.used_bytes if self.account else 0
        sums = (used, self.reserved, self.stored, self.documented)
        if len(set(sums)) > 1:
            what = (
                f"used {used}, reserved {self.reserved}, in the bucket {self.stored}, in documents {self.documented}"
                + ("" if self.account else " (no account)")
            )
            yield Difference(Check.TOTALS, what, self.user, bytes=max(sums) - min(sums))

    def notes(self) -> Iterator[str]:
        """An account above its limit is one whose limit was lowered, since no decision took it there (see LIMITS)."""
        if self.account and self.account.used_bytes > self.account.limit_bytes:
            yield (
                f"user {self.user} holds {self.account.used_bytes} bytes above a limit lowered to "
                f"{self.account.limit_bytes}: new bytes are refused, none are taken back"
            )


@dataclass(slots=True)
class Auditor:
    """Takes the holdings in sorted order, one at a time, and keeps nothing but the present user's sums and findings."""

    max_pending_seconds: float
    classifies: bool = False
    _totals: Totals | None = None
    _users: int = 0
    _objects: int = 0
    _documents: int = 0
    _bytes: int = 0
    _differences: list[Difference] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)

    def see(self, holding: Holding) -> None:
        """Judges one key. Keys come in ascending order, a user's account before the user's keys."""
        if holding.account is not None:
            self._turn_to(holding.key).account = holding.account
            return
        self._count(holding)
        user = user_of(holding.key)
        totals = self._turn_to(user) if user is not None else None
        if totals is not None:
            totals.add(holding)
        for difference in judge(holding, self.max_pending_seconds, classifies=self.classifies):
            known = replace(holding, account=totals.account if totals else None)
            self._differences.append(replace(difference, holding=known))

    def _count(self, holding: Holding) -> None:
        self._documents += holding.document is not None and holding.document.status in LIVE
        if holding.stored is not None:
            self._objects += 1
            self._bytes += holding.stored.size_bytes

    def _turn_to(self, user: str) -> Totals:
        if self._totals is None or self._totals.user != user:
            self._close()
            self._totals = Totals(user)
        return self._totals

    def _close(self) -> None:
        if self._totals is not None:
            self._users += 1
            self._differences += self._totals.differences()
            self._notes += self._totals.notes()
            self._totals = None

    def report(self, undecided: Iterable[Backlog] = (), notes: Iterable[str] = ()) -> Report:
        """What was found in all; `undecided` is the work that still waits somewhere."""
        self._close()
        waiting = [Difference(Check.REST, f"{each.where}: {each.count} waiting") for each in undecided if each.count]
        counted = Counted(self._users, self._objects, self._documents, self._bytes)
        return Report((*waiting, *self._differences), (*self._notes, *notes), counted)
