"""The multi-delete: what is asked of the store, and what its answer says of each key."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import md5, sha256
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from miniopy_async.credentials.providers import StaticProvider
from miniopy_async.signer import sign_v4_s3

from services.chassis.errors import Transient
from services.chassis.presign import Presigner
from services.chassis.storage_deletion import fits_xml
from tests.unit.s3_answers import S3Answers, s3_answers

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
NOW = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)


def result(*codes: str, namespace: str = NAMESPACE) -> str:
    errors = "".join(f"<Error><Key>k</Key><Code>{code}</Code><Message>m</Message></Error>" for code in codes)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<DeleteResult {namespace}>{errors}</DeleteResult>'


@pytest.fixture
async def store() -> AsyncIterator[S3Answers]:
    async with s3_answers() as store:
        store.body = result()
        yield store


async def delete(store: S3Answers, *keys: str) -> None:
    async with store.opened(1) as storage:
        await storage.delete_objects(keys)


def keys_in(body: bytes) -> Sequence[str | None]:
    root = ET.fromstring(body)  # noqa: S314 - our own
    space = root.tag.removesuffix("Delete")
    assert root.findtext(f"{space}Quiet") == "true"
    return [each.text for each in root.iter(f"{space}Key")]


async def test_all_keys_go_in_one_request_and_are_read_as_they_are(store: S3Answers) -> None:
    keys = [
        "u/d/k.pdf",
        "a&b<c>d\"e'f",
        "]]></Key></Object><Object><Key>another",
        "line\r\nnext\ttab",
        "é日本 %2F+",
        " ",
    ]
    await delete(store, *keys)
    (asked,) = store.asked
    assert (asked.url.path, asked.url.query_string) == ("/documents", "delete=")
    assert keys_in(asked.body) == keys


async def test_what_was_signed_is_what_is_sent(store: S3Answers) -> None:
    await delete(store, "a", "b")
    (asked,) = store.asked
    assert asked.headers["x-amz-content-sha256"] == sha256(asked.body).hexdigest()
    assert asked.headers["Content-MD5"] == b64encode(md5(asked.body, usedforsecurity=False).digest()).decode()
    assert "SignedHeaders=content-md5;host;x-amz-content-sha256;x-amz-date" in asked.headers["Authorization"]


async def test_nothing_is_asked_for_nothing_and_too_much_is_refused(store: S3Answers) -> None:
    await delete(store)
    with pytest.raises(ValueError, match="1001 keys"):
        await delete(store, *map(str, range(1001)))
    assert store.asked == []


async def test_a_key_that_xml_cannot_tell_is_deleted_by_itself(store: S3Answers) -> None:
    await delete(store, "a", "b\x01c", "d\ufffe")
    (first, *others) = store.asked
    assert keys_in(first.body) == ["a"]
    assert [each.url.path for each in others] == ["/documents/b\x01c", "/documents/d\ufffe"]


async def test_a_key_that_is_not_there_or_cannot_be_is_gone(store: S3Answers) -> None:
    store.body = result("NoSuchKey", "NoSuchVersion", "XMinioInvalidObjectName", "KeyTooLongError")
    await delete(store, "a", "b", "c", "d")


@pytest.mark.parametrize("code", ["SlowDown", "InternalError", "AccessDenied", "InvalidArgument", "SomethingNew"])
@pytest.mark.parametrize("namespace", [NAMESPACE, ""], ids=["S3's", "none"])
async def test_one_key_that_could_not_be_deleted_is_transient_whatever_the_reason(
    store: S3Answers, code: str, namespace: str
) -> None:
    store.body = result("NoSuchKey", code, namespace=namespace)
    with pytest.raises(Transient, match=f"{code}': 1"):
        await delete(store, "a", "b", "c")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (503, "<Error><Code>SlowDown</Code></Error>", "S3Error SlowDown"),
        (200, "<Error><Code>InternalError</Code></Error>", "S3Error InternalError"),
        (403, f"<Error {NAMESPACE}><Code>AccessDenied</Code></Error>", "S3Error AccessDenied"),
        (404, "<Error><Code>NoSuchBucket</Code><Message>key=secret</Message></Error>", "S3Error NoSuchBucket"),
        (200, "<html>a proxy's page</html>", "InvalidResponseError"),
        (200, "<ListBucketResult></ListBucketResult>", "InvalidResponseError"),
        (200, "", "InvalidResponseError"),
        (200, result("SlowDown")[:-20], "InvalidResponseError"),
        (200, result("SlowDown").replace("<Code>SlowDown</Code>", ""), "InvalidResponseError"),
        (200, result("SlowDown").replace("SlowDown", ""), "InvalidResponseError"),
        (307, result(), "InvalidResponseError"),
        (502, "<html>a proxy's page<br>", "InvalidResponseError"),
    ],
    ids=lambda value: str(value)[-40:],
)
async def test_what_is_no_answer_never_says_that_the_objects_are_gone(
    store: S3Answers, status: int, body: str, reason: str
) -> None:
    store.status, store.body = status, body
    with pytest.raises(Transient, match=f"^object storage: {reason}$"):
        await delete(store, "a")


async def test_an_answer_that_is_cut_on_its_way_is_transient(store: S3Answers) -> None:
    store.body, store.cut_at = result("SlowDown"), 100
    with pytest.raises(Transient, match="object storage"):
        await delete(store, "a")


async def test_a_store_that_hangs_is_transient_in_bounded_time(store: S3Answers) -> None:
    store.hung = True
    with pytest.raises(Transient, match="Timeout"):
        await delete(store, "a")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=5))
def test_every_key_that_fits_xml_is_read_back_from_it(keys: list[str]) -> None:
    told = [key for key in keys if fits_xml(key)]
    assert keys_in(_deletion_body(told)) == [key or None for key in told]


def _deletion_body(keys: Sequence[str]) -> bytes:
    from services.chassis import storage_deletion  # noqa: PLC0415

    return storage_deletion._body(keys)  # noqa: SLF001 - what is sent


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["http://minio:9000/documents/", "https://documents.s3.example.org/"]))
def test_a_request_is_signed_as_the_library_signs(body: bytes, base: str) -> None:
    url, ours = Presigner(base, "us-east-1", "key", "secret").bucket_post("delete", body, {"content-md5": "abc="}, NOW)
    assert url == base.removesuffix("/") + ("" if "minio" in base else "/") + "?delete="
    sent: Mapping[str, str] = {
        "host": urlsplit(base).netloc,
        "content-md5": "abc=",
        "x-amz-content-sha256": sha256(body).hexdigest(),
        "x-amz-date": "20260131T235959Z",
    }
    credentials = asyncio.run(StaticProvider("key", "secret").retrieve())
    expected = sign_v4_s3("POST", urlsplit(url), "us-east-1", sent, credentials, sent["x-amz-content-sha256"], NOW)
    assert {**dict(ours), "host": sent["host"]} == dict(expected)
