"""What the ledger measures beside the chassis: once a batch, since it decides tens of thousands a second."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter

from prometheus_client import Counter, Gauge

from services.chassis.metrics import REGISTRY
from services.chassis.tally import Tally
from services.quota.model import Reservation

KINDS = (
    ("reserved", ""),
    ("rejected", "over_quota"),
    ("rejected", "already_rejected"),
    ("rejected", "document_deleted"),
    ("rejected", "object_removed"),
    ("released", "document_deleted"),
    ("released", "object_removed"),
)
"""Each outcome with its reason, as drift_rules.py has them."""

DECISIONS = Counter(
    "docuvault_ledger_decisions",
    "decisions that were committed, by outcome and, but for reserved, reason; one that is only said again is none",
    ("outcome", "reason"),
    registry=REGISTRY,
)
for _kind in KINDS:
    DECISIONS.labels(*_kind)
_RESERVED = DECISIONS.labels("reserved", "")

DECISION_SECONDS = Tally(
    "docuvault_ledger_decision_delay_seconds",
    "from an object's own time in the store to the commit of the decision about its bytes; the SLO is 10 s",
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 28_800),
    REGISTRY,
    per_unit=10**9,
)
DRIFTING = Gauge(
    "docuvault_ledger_drifting_accounts",
    "accounts whose total was not the sum of its rows when the job drift last ended, and was not put right; on "
    "whichever replica",
    registry=REGISTRY,
)


def count_decisions(made: Sequence[Reservation], committed: datetime) -> None:
    """Counts the decisions that one transaction made. Nearly all are reservations, which alone have no reason."""
    others = [row for row in made if row.reason is not None]
    _RESERVED.inc(len(made) - len(others))
    for (state, reason), count in Count(map(attrgetter("state", "reason"), others)).items():
        DECISIONS.labels(state, reason).inc(count)
    now_ns = int(committed.timestamp() * 1e9)
    came = made if not others else [row for row in made if row.state != "released"]
    DECISION_SECONDS.observe([now_ns - row.observed_ns for row in came])


def show_drift(result: Mapping[str, object]) -> None:
    """Of the last look at all accounts."""
    DRIFTING.set(sum(left for done in ("found", "refused") if isinstance(left := result.get(done), int)))
