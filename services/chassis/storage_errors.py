"""What the S3 client raises, in terms of what happens next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import ClientError
from miniopy_async.error import InvalidResponseError, S3Error, ServerError

from services.chassis.errors import Transient

SERVER_ERRORS_FROM = 500
MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "KeyTooLongError", "XMinioInvalidObjectName"})
"""A name that the store cannot hold is the name of no object, and MinIO holds no more than its file system does."""
PASSING = frozenset({"SlowDown", "SlowDownRead", "SlowDownWrite", "RequestTimeout", "InternalError", "Busy"})
"""Codes that may pass even where their HTTP status does not say so (RequestTimeout is a 400)."""
CHANGED = "PreconditionFailed"
"""What is there is not what was asked for, by its etag."""
BEYOND = "InvalidRange"
"""The object has none of the bytes asked for: it is empty."""
SET_UP = frozenset(
    {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "NoSuchBucket"}
)
"""What an operator has to mend: a key, a policy, a clock, a bucket. No work may be dropped for it."""


def is_missing_object(error: BaseException) -> bool:
    """True where the store said that there is no such object (not: no such bucket)."""
    return isinstance(error, S3Error) and error.code in MISSING


def says(error: BaseException, code: str) -> bool:
    """True where the store refused with this code."""
    return isinstance(error, S3Error) and error.code == code


def is_transient(error: BaseException) -> bool:
    """True where the same call may succeed later: trouble on the way, a store that starts or is set up wrong.

    An answer that is no S3 answer at all comes from something else in the store's place, a proxy without its store.
    """
    if isinstance(error, S3Error):
        return error.code in PASSING | SET_UP or error.response.status >= SERVER_ERRORS_FROM
    if isinstance(error, ServerError):
        return error.status_code >= SERVER_ERRORS_FROM
    return isinstance(error, (InvalidResponseError, ClientError, OSError))  # TimeoutError is an OSError


@contextmanager
def translated() -> Iterator[None]:
    """Turns what may pass into Transient and leaves a bug as it is."""
    try:
        yield
    except Exception as error:
        if is_transient(error):
            raise Transient(f"object storage: {_name(error)}") from error
        raise


def _name(error: BaseException) -> str:
    """Never its text, which may quote a URL."""
    return f"{type(error).__name__} {error.code}" if isinstance(error, S3Error) else type(error).__name__
