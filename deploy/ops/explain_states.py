"""How an upload may stand, and what explain says of that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """How an upload stands; docs/runbook.md has a line for each, explain_rules.py the table that tells them apart."""

    SETTLED = "settled"
    OVER_QUOTA = "over_quota"
    URL_OPEN = "url_open"
    URL_DEAD = "url_dead"
    UNDER_WAY = "under_way"
    IN_LINE = "in_line"
    UNDECIDED = "undecided"
    OTHER_BYTES = "other_bytes"
    DECISION_UNHEARD = "decision_unheard"
    DELETION_UNHEARD = "deletion_unheard"
    REQUEST_UNHEARD = "request_unheard"
    ABANDONMENT_UNHEARD = "abandonment_unheard"
    SWEEP_LATE = "sweep_late"
    NOT_REMOVED = "not_removed"
    ORDER_LOST = "order_lost"
    OBJECT_MISSING = "object_missing"
    NO_DOCUMENT = "no_document"
    ACCOUNT_MISSING = "account_missing"
    DRIFT = "drift"
    FOREIGN_KEY = "foreign_key"
    LEDGER_BEHIND = "ledger_behind"
    OLDER_BYTES = "older_bytes"
    CONFLICT = "conflict"
    OUTBOX = "outbox"
    SERVICE_DOWN = "service_down"
    HALTED = "halted"
    DEAD_LETTER = "dead_letter"
    NOT_READ = "not_read"
    KAFKA_AWAY = "kafka_away"
    STORE_AWAY = "store_away"


class Push(StrEnum):
    """What FIX=1 may say. Each is a fact that holds already, so that saying it can only make others hear it."""

    OBSERVED = "object.observed"
    MISSING = "object.missing"
    DELETED = "document.deleted"
    REMIND = "upload.requested"


@dataclass(frozen=True, slots=True)
class Timing:
    """How often what heals by itself does, in seconds; `young` is what may be under way without being lost."""

    sweep_age: float = 3600.0
    sweep_every: float = 1800.0
    reconcile_every: float = 3600.0
    young: float = 5.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an upload waits for. `command` moves it on, `heals` says what does so by itself, and by when.

    `push` is what FIX=1 says; where it is None, `refusal` says why FIX=1 does nothing.
    """

    state: State
    what: str
    since: datetime | None = None
    command: str | None = None
    heals: str | None = None
    push: Push | None = None
    refusal: str | None = None
