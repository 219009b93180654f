"""What the janitor measures beside the chassis."""

from __future__ import annotations

from prometheus_client import Counter

from services.chassis.metrics import REGISTRY

SWEPT = Counter(
    "docuvault_janitor_swept",
    "uploads the sweep looked up: cleaned (abandoned), healed (their notification was lost), asked (a reminder)",
    ("outcome",),
    registry=REGISTRY,
)
EXPIRED = Counter("docuvault_janitor_expired_rows", "rows forgotten after their retention", registry=REGISTRY)
