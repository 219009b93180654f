"""Uploads as explain finds them: one that is as it should be, and the parts to spoil it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from deploy.ops.dlq.letters import Place
from deploy.ops.explain_model import (
    Account,
    DeadLetter,
    Decision,
    Document,
    Facts,
    Group,
    Heard,
    Job,
    Kafka,
    Known,
    Stored,
)
from deploy.ops.explain_states import Timing

TIMING = Timing()
MADE = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW = MADE + timedelta(hours=5)
USER, DOCUMENT = str(UUID(int=1)), str(UUID(int=2))
KEY = f"{USER}/{DOCUMENT}/{UUID(int=3)}.pdf"
PUT_NS = int((MADE + timedelta(minutes=1)).timestamp()) * 10**9
HEARD = Place("storage.events", 1, 7)
GROUPS = ("quota", "upload", "janitor")
READ = {
    "quota": ("storage.events", "documents", "storage.janitor", "users"),
    "upload": ("quota", "storage.janitor"),
    "janitor": ("quota", "documents"),
}


def after(**length: float) -> datetime:
    """So long after the document was made."""
    return MADE + timedelta(**length)


def document(status: str = "uploaded", **spoilt: Any) -> Document:
    live = status in {"uploaded", "classified", "classification_failed"}
    bytes_of = {"size_bytes": 5, "etag": "e", "version": 1} if live else {}
    whole = {"created_at": MADE, "updated_at": after(minutes=1), "expires_at": after(minutes=15), **bytes_of, **spoilt}
    named = {"filename": "a.pdf", "content_type": "application/pdf"}
    return Document(DOCUMENT, USER, KEY, status=status, **{**named, **whole})


def decision(state: str = "reserved", version: int = 1, **spoilt: Any) -> Decision:
    numbers = {
        "size_bytes": 5 if state == "reserved" else 0,
        "rejected_bytes": 5 if state == "rejected" else 0,
        "released_bytes": 5 if state == "released" else 0,
        "reason": {"reserved": None, "rejected": "over_quota", "released": "document_deleted"}[state],
        "used_bytes": 95,
        "limit_bytes": 97,
    }
    made = {"etag": "e", "observed_ns": PUT_NS, "decided_at": after(minutes=1), "origin": HEARD}
    return Decision(state=state, version=version, **{**numbers, **made, **spoilt})


def known(state: str = "keep", **spoilt: Any) -> Known:
    made = {"version": 1, "changed_at": after(minutes=1), "requested_at": MADE, "ledger": "reserved"}
    return Known(state=state, **{**made, **spoilt})


def unseen(**spoilt: Any) -> Known:
    """What the janitor knows of an upload that nobody decided."""
    return known(version=0, ledger=None, **{"look_at": after(hours=1), **spoilt})


def stored(size: int = 5, etag: str = "e", ns: int = PUT_NS) -> Stored:
    return Stored(size, etag, ns)


def group(name: str, *, members: int = 1, lag: int = 0, halted: bool = False, at: int = 100) -> Group:
    committed = {(topic, partition): at for topic in READ[name] for partition in range(6)}
    return Group(name, members, lag, committed, halted)


def groups(**spoilt: Group) -> Mapping[str, Group]:
    return {name: spoilt.get(name, group(name)) for name in GROUPS}


def kafka(*heard: Heard, dead: tuple[DeadLetter, ...] = (), open_unread: int = 0, **spoilt: Group) -> Kafka:
    return Kafka(NOW, groups(**spoilt), heard, dead, open_unread, open_unread)


def heard(type_: str, topic: str = "storage.events", offset: int = 7, at: datetime = NOW) -> Heard:
    return Heard(Place(topic, 1, offset), at, type_, "5 bytes")


def letter(name: str) -> DeadLetter:
    return DeadLetter(name, Place(f"dlq.{name}", 0, 3), after(minutes=2), "invalid", "no JSON", "storage.events/1/7")


def facts(**spoilt: Any) -> Facts:
    """An upload that is settled, but for what is spoilt."""
    whole: dict[str, Any] = {
        "document": document(),
        "decisions": (decision(),),
        "known": known(),
        "stored": stored(),
        "account": Account(95, 97, 95),
        "kafka": kafka(),
        "sweep": Job(NOW + timedelta(minutes=10)),
    }
    return Facts(key=KEY, now=NOW, **{**whole, **spoilt})


def waiting(**spoilt: Any) -> Facts:
    """An upload of which nothing came, and that nobody decided."""
    whole = {"document": document("pending"), "decisions": (), "known": unseen(), "stored": None}
    return facts(**{**whole, **spoilt})


def at(moment: datetime, found: Facts) -> Facts:
    """The same, seen at another time."""
    seen = replace(found.kafka, looked_at=moment) if found.kafka else None
    return replace(found, now=moment, kafka=seen)
