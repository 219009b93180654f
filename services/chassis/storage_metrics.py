"""How long the store takes for each kind of call, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from miniopy_async.error import S3Error
from prometheus_client import Histogram

from services.chassis.errors import Transient
from services.chassis.metrics import REGISTRY
from services.chassis.storage_parts import PartsRefusedError, UploadNotFoundError

Operation: TypeAlias = Literal[
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "CreateMultipartUpload",
    "DeleteObject",
    "DeleteObjects",
    "GetObject",
    "HeadBucket",
    "ListMultipartUploads",
    "ListObjectsV2",
    "ListParts",
    "PutObject",
]
"""As S3 calls them; a stat is a listing of one key."""
Outcome: TypeAlias = Literal["ok", "refused", "transient", "error"]
"""Refused is an answer, as that there is no such object; transient is trouble that may pass; error is a bug."""

STORAGE_SECONDS = Histogram(
    "docuvault_storage_call_seconds",
    "a call to the object store, by S3's own name of it and outcome: ok, refused (as where there is no such object), "
    "transient (trouble that may pass), error (a bug, or cut off)",
    ("operation", "outcome"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)


@contextmanager
def measured(operation: Operation) -> Iterator[None]:
    """Measures what is inside, which raises as `translated` has it."""
    began, outcome = time.perf_counter(), "ok"
    try:
        yield
    except BaseException as error:
        outcome = outcome_of(error)
        raise
    finally:
        STORAGE_SECONDS.labels(operation, outcome).observe(time.perf_counter() - began)


def outcome_of(error: BaseException) -> Outcome:
    """What a call that ended so counts as."""
    if isinstance(error, Transient):
        return "transient"
    return "refused" if isinstance(error, (S3Error, UploadNotFoundError, PartsRefusedError)) else "error"
