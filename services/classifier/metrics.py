"""What the classifier measures beside the chassis."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from services.chassis.metrics import REGISTRY

STAGE_SECONDS = Histogram(
    "docuvault_classifier_stage_seconds",
    "of one document: owner, fetch, read, file, record",
    ("stage",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
DOCUMENTS = Counter(
    "docuvault_classifier_documents",
    "documents whose work came to an end, by what was said of them; dropped: nothing, since they had moved on",
    ("outcome",),
    registry=REGISTRY,
)
SET_BACK = Counter(
    "docuvault_classifier_set_back",
    "documents given back to the line: transient (trouble that may pass), bug, stop",
    ("why",),
    registry=REGISTRY,
)
AT_WORK = Gauge("docuvault_classifier_at_work", "documents this replica works on", registry=REGISTRY)
IN_LINE = Gauge(
    "docuvault_classifier_in_line",
    "documents that wait to be classified, on whichever replica; looked at three times a lease",
    registry=REGISTRY,
)
EXPIRED = Counter("docuvault_classifier_expired_rows", "rows forgotten after their retention", registry=REGISTRY)
FILED = Counter(
    "docuvault_classifier_filings",
    "texts that were put to a mode, by what came of it: filed, none (no topic fits), refused (the model said nothing "
    "that can be used), transient (it is tried again), bug",
    ("mode", "outcome"),
    registry=REGISTRY,
)
EXTRACTION_SECONDS = Histogram(
    "docuvault_classifier_extraction_seconds",
    "an attempt of a worker to read a document, by outcome: text, no_text (it said why not), killed",
    ("outcome",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
KILLED = Counter(
    "docuvault_classifier_workers_killed",
    "workers that were ended over a document, or found dead, by what it says of the document: too_slow, "
    "too_much_memory, unreadable, nothing (somebody else ended it)",
    ("why",),
    registry=REGISTRY,
)
