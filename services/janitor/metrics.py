"""What the janitor measures beside the chassis."""

from __future__ import annotations

import math

from prometheus_client import Counter, Gauge

from services.chassis.metrics import REGISTRY

SWEPT = Counter(
    "docuvault_janitor_swept",
    "uploads the sweep looked up: cleaned (abandoned), healed (their notification was lost), asked (a reminder); and "
    "uploads in parts that it ended",
    ("outcome",),
    registry=REGISTRY,
)
for _outcome in ("cleaned", "healed", "asked", "ended"):
    SWEPT.labels(_outcome)
AUDITED = Counter("docuvault_janitor_audited_objects", "objects that walks of the bucket met", registry=REGISTRY)
DIFFERENCES = Counter(
    "docuvault_janitor_differences",
    "keys whose object is not what was decided: undecided, different, unwanted, missing, stuck, foreign",
    ("kind",),
    registry=REGISTRY,
)
EXPIRED = Counter("docuvault_janitor_expired_rows", "rows forgotten after their retention", registry=REGISTRY)
GROUP_AGE = Gauge(
    "docuvault_group_oldest_age_seconds",
    "how old the oldest record is that a consumer group has not settled, at most; of quota: the oldest undecided "
    "event. Looked at from outside the group every 5 s, grows while nobody can look",
    ("group",),
    registry=REGISTRY,
)
GROUP_LAG = Gauge(
    "docuvault_group_lag_records",
    "records of a topic that a consumer group has not settled, as seen from outside the group",
    ("group", "topic"),
    registry=REGISTRY,
)
GROUP_PLACE = Gauge(
    "docuvault_group_settled_records",
    "the offsets a consumer group has come to in a topic, added up: stands still while the group commits nothing",
    ("group", "topic"),
    registry=REGISTRY,
)
OPEN_LETTERS = Gauge(
    "docuvault_dead_letters_open_records",
    "dead letters of a consumer group that nobody has replayed or discarded",
    ("group",),
    registry=REGISTRY,
)
UNDER_REPLICATED = Gauge(
    "docuvault_kafka_under_replicated_partitions",
    "partitions that a broker lacks which should have them, looked at every 5 s; NaN while nobody can look",
    registry=REGISTRY,
)
UNDER_REPLICATED.set(math.nan)
STANDING = Gauge(
    "docuvault_janitor_standing_differences",
    "keys by kind of difference as the last walk of the bucket that ended had met them, on whichever replica",
    ("kind",),
    registry=REGISTRY,
)
