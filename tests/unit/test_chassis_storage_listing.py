"""The listing of one key: what the store may answer, and what it means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from miniopy_async.api import Minio
from miniopy_async.credentials.providers import StaticProvider
from miniopy_async.signer import presign_v4

from services.chassis import storage_answer
from services.chassis.errors import Transient
from services.chassis.presign import Presigner
from services.chassis.storage import ObjectStat
from tests.unit.s3_answers import S3Answers, s3_answers

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
FOUND = (
    "<Contents><Key>a%2Fb+c%C3%A9</Key><LastModified>2026-01-31T23:59:59.123Z</LastModified>"
    "<ETag>&#34;0badc0de&#34;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"
)
NOW = datetime(2026, 1, 31, tzinfo=UTC)


async def stat(store: S3Answers, key: str) -> ObjectStat | None:
    async with store.opened() as storage:
        return await storage.stat_object(key)


def listing(inside: str, namespace: str = NAMESPACE) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult {namespace}><Name>documents</Name>'
        f"<Prefix></Prefix><MaxKeys>1</MaxKeys><EncodingType>url</EncodingType>{inside}</ListBucketResult>"
    )


@pytest.fixture
async def store() -> AsyncIterator[S3Answers]:
    async with s3_answers() as store:
        yield store


@pytest.mark.parametrize("namespace", [NAMESPACE, ""], ids=["S3's", "none"])
async def test_an_object_is_told_with_size_etag_and_the_end_of_its_ms(store: S3Answers, namespace: str) -> None:
    store.body = listing(FOUND, namespace)
    ns = int(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC).timestamp()) * 10**9 + 123_999_999
    assert await stat(store, "a/b cé") == ObjectStat(7, "0badc0de", ns)


async def test_no_object_and_a_longer_key_are_no_object(store: S3Answers) -> None:
    store.body = listing("")
    assert await stat(store, "a/b c") is None
    store.body = listing(FOUND)
    assert await stat(store, "a/b c") is None


async def test_one_key_is_asked_for_with_a_signature_and_nothing_is_followed(store: S3Answers) -> None:
    store.body, store.status = "", 307
    with pytest.raises(Transient):
        await stat(store, "a b/é?&=+")
    (asked,) = store.asked
    assert asked.url.path == "/documents"
    wanted = {"list-type": "2", "max-keys": "1", "encoding-type": "url", "prefix": "a b/é?&=+"}
    assert asked.url.query.items() >= wanted.items()
    assert "X-Amz-Signature" in asked.url.query


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (503, "<Error><Code>SlowDown</Code></Error>", "S3Error SlowDown"),
        (403, f"<Error {NAMESPACE}><Code>AccessDenied</Code></Error>", "S3Error AccessDenied"),
        (404, "<Error><Code>NoSuchBucket</Code><Message>key=secret</Message></Error>", "S3Error NoSuchBucket"),
        (500, "<Error><Code>New</Code></Error>", "S3Error New"),
        (502, "<html>a proxy's page<br>", "InvalidResponseError"),
        (200, "<html>a proxy's page</html>", "InvalidResponseError"),
        (200, "", "InvalidResponseError"),
        (200, listing(FOUND)[:-30], "InvalidResponseError"),
        (200, listing(FOUND.replace("<Size>7</Size>", "")), "InvalidResponseError"),
        (200, listing(FOUND.replace("<Size>7", "<Size>many")), "InvalidResponseError"),
        (200, listing(FOUND.replace("2026-01-31T", "yesterday")), "InvalidResponseError"),
        (404, "<Error></Error>", "InvalidResponseError"),
    ],
    ids=lambda value: str(value)[-40:],
)
async def test_what_is_no_listing_never_says_that_there_is_no_object(
    store: S3Answers, status: int, body: str, reason: str
) -> None:
    store.status, store.body = status, body
    with pytest.raises(Transient, match=f"^object storage: {reason}$"):
        await stat(store, "a/b cé")


async def test_an_answer_without_end_is_read_no_further_than_s3_has_to_say(
    store: S3Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.body = listing(FOUND)
    monkeypatch.setattr(storage_answer, "MAX_ANSWER_BYTES", len(store.body.encode()))
    assert await stat(store, "a/b cé") is not None
    store.body += " "
    with pytest.raises(Transient):
        await stat(store, "a/b cé")


async def test_a_bug_of_ours_stays_loud(store: S3Answers) -> None:
    store.status, store.body = (
        400,
        "<Error><Code>InvalidArgument</Code><Message>X-Amz-Signature=0badc0de</Message></Error>",
    )
    with pytest.raises(Exception, match="InvalidArgument") as caught:
        await stat(store, "a")
    assert not isinstance(caught.value, Transient)
    assert "0badc0de" not in str(caught.value)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(deadline=None)
@given(TEXT, st.integers(1, 604_800))
def test_a_listing_is_signed_as_the_library_signs(prefix: str, seconds: int) -> None:
    query = [("encoding-type", "url"), ("list-type", "2"), ("max-keys", "1"), ("prefix", prefix)]
    library = Minio("minio:9000", region="us-east-1", secure=False)
    url = library._base_url.build("GET", "us-east-1", "documents", query_params=dict(query))  # noqa: SLF001 - no other way
    credentials = asyncio.run(StaticProvider("key", "secret").retrieve())
    expected = presign_v4("GET", url, "us-east-1", credentials, NOW, seconds).geturl()
    assert (
        Presigner("http://minio:9000/documents/", "us-east-1", "key", "secret").bucket_url(seconds, NOW, query)
        == expected
    )
