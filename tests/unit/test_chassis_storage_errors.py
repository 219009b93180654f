"""Which errors of the S3 client may pass, and which are a bug and stay loud."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientPayloadError, ServerDisconnectedError
from miniopy_async.error import InvalidResponseError, S3Error, ServerError

from services.chassis.errors import Transient
from services.chassis.storage_errors import is_missing_object, translated


def s3_error(code: str, status: int) -> S3Error:
    answer: Any = SimpleNamespace(status=status)
    return S3Error(code, "message", "/documents/key", "request", "host", answer)


@pytest.mark.parametrize(
    "error",
    [
        s3_error("SlowDown", 503),
        s3_error("SlowDownRead", 200),
        s3_error("RequestTimeout", 400),
        s3_error("InternalError", 500),
        s3_error("XMinioServerNotInitialized", 503),
        s3_error("XSomethingNew", 507),
        s3_error("AccessDenied", 403),
        s3_error("SignatureDoesNotMatch", 403),
        s3_error("NoSuchBucket", 404),
        ServerError("server failed", 502),
        InvalidResponseError(200, "text/html", "a proxy's page"),
        ServerDisconnectedError(),
        ClientPayloadError(),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=lambda error: f"{type(error).__name__} {getattr(error, 'code', '')}",
)
def test_trouble_on_the_way_in_the_store_and_in_its_set_up_may_pass(error: Exception) -> None:
    with pytest.raises(Transient, match=f"object storage: {type(error).__name__}") as caught, translated():
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        s3_error("NoSuchKey", 404),
        s3_error("InvalidArgument", 400),
        ServerError("server failed", 418),
        ValueError("a bug"),
    ],
    ids=lambda error: f"{type(error).__name__} {getattr(error, 'code', '')}",
)
def test_a_bug_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translated():
        raise error
    assert caught.value is error


def test_a_cancellation_is_no_trouble_of_the_store() -> None:
    with pytest.raises(KeyboardInterrupt), translated():
        raise KeyboardInterrupt


def test_a_missing_bucket_is_no_missing_object() -> None:
    assert is_missing_object(s3_error("NoSuchKey", 404))
    assert not is_missing_object(s3_error("NoSuchBucket", 404))
    assert not is_missing_object(KeyError("NoSuchKey"))
