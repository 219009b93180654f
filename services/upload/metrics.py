"""What the upload service measures beside the chassis and the live stream."""

from __future__ import annotations

from prometheus_client import Histogram

from services.chassis.metrics import REGISTRY
from services.upload.decide import Answer, Confirmed, NotUploaded, Refused, Undecided, Unknown

OUTCOMES = {
    Confirmed: "confirmed",
    Refused: "refused",
    Undecided: "undecided",
    NotUploaded: "not_uploaded",
    Unknown: "unknown",
}
CONFIRM_SECONDS = Histogram(
    "docuvault_confirm_wait_seconds",
    "how long a confirm waited, by what it answered: confirmed (200), refused (413), undecided (202), "
    "not_uploaded (422), unknown (404)",
    ("outcome",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
for _outcome in OUTCOMES.values():
    CONFIRM_SECONDS.labels(_outcome)


def measure_confirm(answer: Answer, seconds: float) -> None:
    """One that has come to an answer."""
    CONFIRM_SECONDS.labels(OUTCOMES[type(answer)]).observe(seconds)
