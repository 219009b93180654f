"""The ledger as services/quota/README.md tells it, and nothing more: the model that the real one is held to.

It shares no line with the services. Users share nothing, so it is the book of one user; a record is judged once in its
life, and says ever after what it said then; one that asks, and decided nothing, says the key's last word. The ids of
events are part of what is published, so they are spelt out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from tests.prove.facts import Fact, Origin, asks

IDS = UUID("0a3b3c52-6f0e-4c0b-9f0f-2b6a9b1f7d11")
DEFAULT_LIMIT = 100
Event = dict[str, Any]


@dataclass
class Row:
    """What is known of a key: `seen` is the time of the newest bytes, `by` the record that decided, `word` its event.

    `past` is what was replaced, oldest first: the time and the etag seen by then, and the record that had decided.
    """

    state: str = "none"
    version: int = 0
    size: int = 0
    etag: str | None = None
    seen: int = 0
    reason: str | None = None
    by: Origin | None = None
    word: Event | None = None
    past: list[tuple[int, str | None, Origin | None]] = field(default_factory=list)


@dataclass
class Book:
    """All of one user. `limit` is None without an account; `changes` counts the changes of the limit."""

    user: UUID
    used: int = 0
    limit: int | None = None
    changes: int = 0
    rows: dict[str, Row] = field(default_factory=dict)
    said: dict[Origin, Event | None] = field(default_factory=dict)

    def hear(self, fact: Fact, origin: Origin, now: datetime) -> Event | None:
        """What is said of a record."""
        row = self.rows.get(self.key(fact), Row())
        if fact.kind == "absent" and asks(fact) and row.state == "none":
            return None  # nothing is there, and nobody says that anything ever was: as if it had not been heard
        if origin not in self.said:
            self.said[origin] = self._judge(fact, origin, now)
        return self.said[origin] or (row.word if asks(fact) else None)

    def _judge(self, fact: Fact, origin: Origin, now: datetime) -> Event | None:  # noqa: PLR0911 - one a line of the table
        row = self.rows.get(self.key(fact), Row())
        match fact.kind, row.state:
            case "present", "none":
                return self._charge(fact, row, origin, now)
            case "present", _ if self._is_old(fact, row):
                return None
            case "present", "reserved" if fact.etag == row.etag:
                row.seen = fact.at
                return None
            case "present", "reserved":
                return self._charge(fact, row, origin, now)
            case "present", _:
                reason = "already_rejected" if row.reason == "over_quota" else row.reason
                return self._decide(fact, row, origin, "rejected", now, reason=reason, rejected_bytes=fact.size)
            case "absent", "reserved" if fact.at <= row.seen:
                return None
            case "absent", ("none" | "reserved"):
                return self._decide(fact, row, origin, "released", now, reason="object_removed")
            case "deleted", ("none" | "reserved"):
                return self._decide(fact, row, origin, "released", now, reason="document_deleted")
        return None

    def _is_old(self, fact: Fact, row: Row) -> bool:
        if fact.at == row.seen:
            return fact.etag == row.etag or (fact.at, fact.etag) in [past[:2] for past in row.past]
        return fact.at < row.seen

    def _charge(self, fact: Fact, row: Row, origin: Origin, now: datetime) -> Event:
        more = fact.size - row.size
        if self.limit is not None and (more <= 0 or self.used + more <= self.limit):
            return self._decide(fact, row, origin, "reserved", now, size_bytes=fact.size)
        return self._decide(fact, row, origin, "rejected", now, reason="over_quota", rejected_bytes=fact.size)

    def _decide(self, fact: Fact, row: Row, origin: Origin, state: str, now: datetime, **said: Any) -> Event:
        if row.version:
            row.past.append((row.seen, row.etag, row.by))
        if fact.kind == "present":
            row.etag, row.seen = fact.etag, fact.at
        held, row.size = row.size, said.get("size_bytes", 0)
        self.used += row.size - held
        row.state, row.version, row.reason = state, row.version + 1, said.get("reason")
        row.by = origin
        self.rows[self.key(fact)] = row
        said |= {"etag": row.etag} if state != "released" else {}
        said |= {"released_bytes": held} if state != "reserved" else {}
        row.word = self._event(fact, row, said, now)
        return row.word

    def _event(self, fact: Fact, row: Row, said: dict[str, Any], now: datetime) -> Event:
        return {
            "type": f"quota.{row.state}",
            "id": str(uuid5(IDS, f"{self.key(fact)}:{row.version}")),
            "time": now,
            "data": {
                "document_id": str(self.document(fact)),
                "user_id": str(self.user),
                "object_key": self.key(fact),
                "version": row.version,
                "used_bytes": self.used,
                "limit_bytes": self.limit or 0,
                "decided_at": now,
                **said,
            },
        }

    def register(self, limit: int | None) -> Event | None:
        """user.registered: opens an account, once."""
        return self.set_limit(DEFAULT_LIMIT if limit is None else limit) if self.limit is None else None

    def set_limit(self, limit: int) -> Event | None:
        """Opens the account or changes its limit; the same limit again says nothing."""
        if limit == self.limit:
            return None
        self.limit, self.changes = limit, self.changes + 1
        return {
            "type": "quota.limit_changed",
            "id": str(uuid5(IDS, f"account {self.user}:{self.changes}")),
            "data": {"user_id": str(self.user), "limit_bytes": limit, "used_bytes": self.used},
        }

    def copy(self) -> Book:
        """Another book that says the same. What was said is never changed, so it is shared."""
        rows = {key: replace(row, past=[*row.past]) for key, row in self.rows.items()}
        return replace(self, rows=rows, said={**self.said})

    def document(self, fact: Fact) -> UUID:
        return uuid5(NAMESPACE_URL, f"{self.user}/{fact.key}")

    def key(self, fact: Fact) -> str:
        return f"{self.user}/{self.document(fact)}/{uuid5(self.document(fact), 'nonce')}.pdf"
