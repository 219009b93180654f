"""Which failpoint is reached by whom, and in which test; together they are all that are declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.chassis.failpoints import Name

IN_A_BATCH: Mapping[Name, Sequence[str]] = {
    "consumer.after_poll": ("quota-1", "upload-1", "janitor-1"),
    "quota.before_commit": ("quota-1",),
    "upload.before_write": ("upload-1",),
    "janitor.before_commit": ("janitor-1",),
    "janitor.before_delete": ("janitor-1",),
    "janitor.after_delete": ("janitor-1",),
    "consumer.after_handle": ("quota-1", "upload-1", "janitor-1"),
    "consumer.after_publish": ("quota-1", "upload-1", "janitor-1"),
    "consumer.after_offsets": ("quota-1", "upload-1", "janitor-1"),
}
IN_THE_RELAY: Mapping[Name, Sequence[str]] = {
    "outbox.after_take": ("quota-1", "upload-1"),
    "outbox.after_publish": ("quota-1", "upload-1"),
    "outbox.after_delete": ("quota-1", "upload-1"),
    "outbox.after_commit": ("quota-1", "upload-1"),
}
IN_A_REQUEST: Sequence[Name] = (
    "upload_url.after_sign",
    "upload_url.after_commit",
    "confirm.before_observation",
    "confirm.after_observation",
    "confirm.before_answer",
    "delete.before_commit",
    "delete.after_commit",
)
IN_PARTS: Sequence[Name] = (
    "multipart.after_commit",
    "multipart.after_begin",
    "multipart.after_complete",
    "multipart.after_abort",
)
IN_THE_ENDING: Sequence[Name] = ("janitor.before_ended",)
IN_THE_CLASSIFIER: Sequence[Name] = (
    "classifier.before_commit",
    "classifier.after_claim",
    "classifier.before_record",
    "classifier.record_before_commit",
    "classifier.after_record",
)
IN_A_SWEEP: Sequence[Name] = (
    "janitor.sweep_before_publish",
    "janitor.sweep_before_mark",
)
