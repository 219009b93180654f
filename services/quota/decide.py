"""The rules of the ledger: pure, synchronous, without a clock. They read like the decision table in README.md.

`judge` says what one fact makes of one row; settle.py folds a batch of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from services.quota.model import Absent, Account, Deleted, ObjectFact, Observed, Page, Reason, Reservation, State

NO_ACCOUNT = Account(used_bytes=0, limit_bytes=0)
"""What a user without an account is told: refused like a full one."""


def judge(fact: ObjectFact, page: Page) -> Reservation | None:
    """The row after `fact`: of the next version for a decision, of the same for a mere refresh; None for nothing."""
    match fact:
        case Observed():
            return _present(fact, page)
        case Absent():
            return _absent(fact, page)
        case Deleted():
            return _deleted(fact, page)
    raise TypeError(f"no rule for {type(fact).__name__}")


def _present(fact: Observed, page: Page) -> Reservation | None:
    row = page.row
    if row is None:
        return _reserve(fact, page, held=0)
    if _is_stale(fact, row, page.superseded):
        return None
    if row.state != "reserved":
        return _reject_again(fact, row, page)
    if fact.etag == row.etag:
        return _refresh(row, fact)
    return _reserve(fact, page, held=row.size_bytes)


def _is_stale(fact: Observed, row: Reservation, superseded: Sequence[Reservation]) -> bool:
    """Older than what is recorded, or recorded already.

    On a tie another etag counts as news, since a stat knows its time less precisely than it shows. But only once:
    what a later observation of the same time has replaced stays replaced, so a replay never flips it back.
    """
    if fact.observed_ns != row.observed_ns:
        return fact.observed_ns < row.observed_ns
    return fact.etag == row.etag or any(
        (earlier.observed_ns, earlier.etag) == (fact.observed_ns, fact.etag) for earlier in superseded
    )


def _reserve(fact: Observed, page: Page, *, held: int) -> Reservation:
    """Charges what the object takes beyond `held`; where that does not fit, gives `held` back and refuses it all."""
    if _fits(page.account, fact.size_bytes - held):
        return _next(fact, page, "reserved", size=fact.size_bytes)
    return _next(fact, page, "rejected", "over_quota", rejected=fact.size_bytes, released=held)


def _fits(account: Account | None, delta: int) -> bool:
    """Whether `delta` more bytes may be held. What takes no more bytes fits, even above a limit lowered since."""
    return account is not None and (delta <= 0 or account.used_bytes + delta <= account.limit_bytes)


def _reject_again(fact: Observed, row: Reservation, page: Page) -> Reservation:
    """A tombstone is final: bytes that still arrive are refused, so that the janitor removes them."""
    reason = "already_rejected" if row.reason == "over_quota" else row.reason
    return _next(fact, page, "rejected", reason, rejected=fact.size_bytes)


def _refresh(row: Reservation, fact: Observed) -> Reservation:
    """The same object, seen later: else a removal of an earlier incarnation, arriving late, would release it."""
    return replace(row, observed_ns=fact.observed_ns)


def _absent(fact: Absent, page: Page) -> Reservation | None:
    row = page.row
    if row is None:
        # A removal overtook its creation, which must not be charged when it arrives. But where somebody looked and
        # found nothing, nothing was there yet: a slow PUT may still come.
        return None if fact.asked else _release(fact, page, "object_removed")
    if row.state == "reserved" and fact.observed_ns > row.observed_ns:
        return _release(fact, page, "object_removed")
    return None


def _deleted(fact: Deleted, page: Page) -> Reservation | None:
    if page.row is None or page.row.state == "reserved":
        return _release(fact, page, "document_deleted")
    return None


def _release(fact: ObjectFact, page: Page, reason: Reason) -> Reservation:
    """Gives back what the key holds, once. A tombstone stays, of size 0, for a PUT that comes late.

    It keeps the time of the bytes last seen, not of the release: rejecting a late PUT twice costs an idempotent
    removal, ignoring it for a skewed clock would leave an orphan.
    """
    held = page.row.size_bytes if page.row else 0
    return _next(fact, page, "released", reason, released=held)


def _next(  # noqa: PLR0913 - a row has that many parts
    fact: ObjectFact,
    page: Page,
    state: State,
    reason: Reason | None = None,
    *,
    size: int = 0,
    rejected: int = 0,
    released: int = 0,
) -> Reservation:
    row, account = page.row, page.account or NO_ACCOUNT
    held = row.size_bytes if row else 0
    etag, observed_ns = _sighting(fact, row)
    return Reservation(
        object_key=fact.object_key,
        document_id=fact.document_id,
        user_id=fact.user_id,
        state=state,
        version=row.version + 1 if row else 1,
        size_bytes=size,
        rejected_bytes=rejected,
        released_bytes=released,
        etag=etag,
        observed_ns=observed_ns,
        reason=reason,
        used_bytes=max(0, account.used_bytes + size - held),
        limit_bytes=account.limit_bytes,
        decided_at=page.now,
        origin=page.origin,
    )


def _sighting(fact: ObjectFact, row: Reservation | None) -> tuple[str | None, int]:
    """Etag and time of the newest bytes seen under the key."""
    if isinstance(fact, Observed):
        return fact.etag, fact.observed_ns
    return (row.etag, row.observed_ns) if row else (None, 0)
