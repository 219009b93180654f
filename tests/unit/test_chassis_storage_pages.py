"""The listing page by page: what the store may answer, what it means, and what is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from services.chassis.errors import Transient
from services.chassis.storage import Listed, Page
from tests.unit.s3_answers import S3Answers, s3_answers

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
DATE = "Sat, 31 Jan 2026 23:59:59 GMT"
SECOND = int(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC).timestamp()) * 10**9


def contents(key: str) -> str:
    return (
        f"<Contents><Key>{key}</Key><LastModified>2026-01-31T23:59:59.123Z</LastModified>"
        "<ETag>&#34;0badc0de&#34;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>"
    )


def page(*keys: str, more: str = "false", namespace: str = NAMESPACE) -> str:
    token = "<NextContinuationToken>a+/=</NextContinuationToken>" if more == "true" else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult {namespace}><Name>documents</Name><Prefix></Prefix>'
        f"<KeyCount>{len(keys)}</KeyCount><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType>"
        f"<IsTruncated>{more}</IsTruncated>{token}{''.join(map(contents, keys))}</ListBucketResult>"
    )


@pytest.fixture
async def store() -> AsyncIterator[S3Answers]:
    async with s3_answers() as store:
        store.headers = {"Date": DATE}
        yield store


async def listed(store: S3Answers, after: str = "", most: int = 1000) -> Page:
    async with store.opened(1) as storage:
        return await storage.list_page(after, most)


@pytest.mark.parametrize("namespace", [NAMESPACE, ""], ids=["S3's", "none"])
async def test_a_page_tells_its_objects_the_stores_time_and_whether_there_are_more(
    store: S3Answers, namespace: str
) -> None:
    store.body = page("a%2Fb+c", "%01%0D%3C%C3%A9", more="true", namespace=namespace)
    found = [Listed(key, 7, "0badc0de", SECOND + 123_999_999) for key in ("a/b c", "\x01\r<é")]
    assert await listed(store) == Page(found, SECOND, more=True)


async def test_the_end_of_the_bucket_is_a_page_of_nothing(store: S3Answers) -> None:
    store.body = page()
    assert await listed(store) == Page([], SECOND, more=False)


async def test_a_page_is_asked_for_from_a_key_on_with_a_signature(store: S3Answers) -> None:
    store.body = page()
    await listed(store, "a b/é?&=+\x01", 17)
    (asked,) = store.asked
    assert asked.url.path == "/documents"
    wanted = {"list-type": "2", "max-keys": "17", "encoding-type": "url", "start-after": "a b/é?&=+\x01"}
    assert asked.url.query.items() >= wanted.items()
    assert "X-Amz-Signature" in asked.url.query


async def test_a_walk_goes_on_by_the_stores_own_token_and_anywhere_else_by_a_key(store: S3Answers) -> None:
    store.body = page("a", "b", more="true")
    async with store.opened(1) as storage:
        for after in ("", "b", "a"):
            await storage.list_page(after)
    first, second, third = [each.url.query for each in store.asked]
    assert (first.get("start-after"), third.get("start-after")) == ("", "a")
    assert (second.get("continuation-token"), second.get("start-after")) == ("a+/=", None)


@pytest.mark.parametrize(
    ("status", "body", "date"),
    [
        (200, page("a", more="perhaps"), DATE),
        (200, page("a").replace("<IsTruncated>false</IsTruncated>", ""), DATE),
        (200, page(more="true"), DATE),
        (200, page("a"), "yesterday"),
        (200, page("a")[:-30], DATE),
        (200, page("%FF"), DATE),
        (200, page("a").replace("<Size>7</Size>", ""), DATE),
        (200, "<html>a proxy's page</html>", DATE),
        (200, "", DATE),
        (502, "<html>a proxy's page<br>", DATE),
    ],
    ids=["truncated perhaps", "not said", "nothing and more", "no time", "cut", "no UTF-8", "no size", "html", "empty",
         "proxy"],
)  # fmt: skip
async def test_what_is_no_page_never_says_that_something_is_not_there(
    store: S3Answers, status: int, body: str, date: str
) -> None:
    store.status, store.body, store.headers = status, body, {"Date": date}
    with pytest.raises(Transient, match=r"^object storage: InvalidResponseError$"):
        await listed(store)


async def test_a_page_that_is_cut_on_its_way_is_transient(store: S3Answers) -> None:
    store.body, store.cut_at = page("a", "b"), 300
    with pytest.raises(Transient, match="object storage"):
        await listed(store)


async def test_a_store_that_slows_down_or_hangs_is_transient(store: S3Answers) -> None:
    store.status, store.body = 503, "<Error><Code>SlowDown</Code></Error>"
    with pytest.raises(Transient, match="S3Error SlowDown"):
        await listed(store)
    store.hung = True
    with pytest.raises(Transient, match="Timeout"):
        await listed(store)
