"""What the janitor measures beside the chassis."""

from __future__ import annotations

from prometheus_client import Counter

from services.chassis.metrics import REGISTRY

SWEPT = Counter(
    "docuvault_janitor_swept",
    "uploads the sweep looked up: cleaned (abandoned), healed (their notification was lost), asked (a reminder); and "
    "uploads in parts that it ended",
    ("outcome",),
    registry=REGISTRY,
)
AUDITED = Counter("docuvault_janitor_audited_objects", "objects that walks of the bucket met", registry=REGISTRY)
DIFFERENCES = Counter(
    "docuvault_janitor_differences",
    "keys whose object is not what was decided: undecided, different, unwanted, missing, stuck, foreign",
    ("kind",),
    registry=REGISTRY,
)
EXPIRED = Counter("docuvault_janitor_expired_rows", "rows forgotten after their retention", registry=REGISTRY)
