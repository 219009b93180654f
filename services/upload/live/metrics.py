"""What is measured of the live stream."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from services.chassis.metrics import REGISTRY

STREAMS = Gauge("docuvault_live_streams", "streams to clients that are open in this process", registry=REGISTRY)
EVENTS = Counter("docuvault_live_events", "events written to streams", ("event",), registry=REGISTRY)
ENDED = Counter(
    "docuvault_live_ended",
    "streams that ended: left (by the client), expired (its token), slow (the client did not read), stopped, failed",
    ("why",),
    registry=REGISTRY,
)
