"""Which changes of limits an account has lived through since its backup. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.quota.events import limit_id
from services.quota.restore.reading import LimitSaid


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the backup has it: its limit in bytes, and how often that has changed, its opening included."""

    version: int
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class Granted:
    """A limit under which bytes were reserved, in bytes, and when."""

    limit_bytes: int
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a limit; `said` tells whether it has left the outbox before."""

    user_id: UUID
    limit_bytes: int
    changed_at: datetime
    said: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """The changes of one account, in order. `high` of them lead to the highest limit it ever had meanwhile.

    Under that limit whatever was reserved fits again: the last decision that took bytes left the account within its
    limit of that moment, and what came after only gave bytes back. `missing` are changes without the one before them.
    """

    changes: Sequence[Change]
    high: int
    missing: int


def chain_of(user_id: UUID, account: Account | None, said: Iterable[LimitSaid], granted: Iterable[Granted]) -> Chain:
    """Of one user: what was said of the limit, in any order and as often as it was, and what it was decided by."""
    heard = {each.id: each for each in said}
    version = account.version if account else 0
    changes = [*_said(user_id, version, heard)]
    known = version + len(changes)
    missing = len(heard.keys() - {limit_id(user_id, number) for number in range(1, known + 1)})
    limits = [account.limit_bytes] if account else []
    limits += [change.limit_bytes for change in changes]
    changes += _unsaid(user_id, limits, granted)
    limits += [change.limit_bytes for change in changes[known - version :]]
    high = limits.index(max(limits)) + (0 if account else 1) if limits else 0
    return Chain(changes, high, missing)


def _said(user_id: UUID, version: int, heard: Mapping[str, LimitSaid]) -> Iterable[Change]:
    while (each := heard.get(limit_id(user_id, version := version + 1))) is not None:
        yield Change(user_id, each.limit_bytes, each.changed_at, said=True)


def _unsaid(user_id: UUID, limits: Sequence[int], granted: Iterable[Granted]) -> Iterable[Change]:
    """A limit that bytes were granted by and that was never told: the failure came before it left the outbox."""
    unknown = [each for each in granted if each.limit_bytes not in limits]
    if unknown:
        newest = max(unknown, key=lambda each: each.decided_at)
        yield Change(user_id, newest.limit_bytes, newest.decided_at, said=False)
