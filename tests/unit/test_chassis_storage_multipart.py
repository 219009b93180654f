"""Uploads in parts: what the store's answers are taken for, whatever stands in its place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from yarl import URL

from services.chassis.errors import Transient
from services.chassis.presign import Presigner
from services.chassis.storage_multipart import Multipart
from services.chassis.storage_parts import OpenUpload, Part, PartsRefusedError, UploadNotFoundError
from tests.unit.s3_answers import S3Answers, s3_answers

SPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
LISTED = (
    f"{HEAD}<ListPartsResult {SPACE}><IsTruncated>false</IsTruncated>"
    "<Part><PartNumber>7</PartNumber><ETag>&#34;e7&#34;</ETag><Size>5</Size></Part></ListPartsResult>"
)
UPLOADS = (
    f"{HEAD}<ListMultipartUploadsResult {SPACE}><Upload><Key>a%2Fb+c</Key><UploadId>u</UploadId></Upload>"
    "<Upload><Key>a%2Fb+cd</Key><UploadId>v</UploadId></Upload></ListMultipartUploadsResult>"
)
CALLS: dict[str, Callable[[Multipart], Awaitable[object]]] = {
    "create": lambda parts: parts.create("k", "a/b"),
    "list_parts": lambda parts: parts.list_parts("k", "u"),
    "complete": lambda parts: parts.complete("k", "u", [(1, "e")]),
    "list_uploads": lambda parts: parts.list_uploads("k"),
    "abort": lambda parts: parts.abort("k", "u"),
}


def refusal(code: str) -> str:
    return f"{HEAD}<Error><Code>{code}</Code><Message>it says</Message></Error>"


@pytest.fixture
async def store() -> AsyncIterator[S3Answers]:
    async with s3_answers() as store:
        yield store


async def ask(store: S3Answers, call: str) -> object:
    async with store.opened(1) as storage:
        return await CALLS[call](storage.multipart)


async def test_parts_and_uploads_are_read_as_the_store_tells_them(store: S3Answers) -> None:
    store.body = LISTED
    assert await ask(store, "list_parts") == [Part(7, 5, "e7")]
    store.body = UPLOADS
    async with store.opened() as storage:
        assert await storage.multipart.list_uploads("a/b c") == [OpenUpload("a/b c", "u")]
        assert len(await storage.multipart.list_uploads("")) == 2
    assert "prefix" in store.asked[1].url.query
    assert "prefix" not in store.asked[2].url.query


async def test_a_completion_says_each_part_whatever_its_etag_is(store: S3Answers) -> None:
    store.body = f"{HEAD}   <CompleteMultipartUploadResult {SPACE}><ETag>e</ETag></CompleteMultipartUploadResult>"
    async with store.opened() as storage:
        await storage.multipart.complete("k", "u+/=&", [(1, '<"&'), (3, "e")])
    assert b'<PartNumber>1</PartNumber><ETag>&lt;"&amp;</ETag>' in store.asked[0].body
    assert store.asked[0].url.query["uploadId"] == "u+/=&"


@pytest.mark.parametrize("call", ["list_parts", "complete"])
@pytest.mark.parametrize("status", [404, 200])
async def test_an_upload_that_is_not_there_is_told_whatever_the_status(
    store: S3Answers, call: str, status: int
) -> None:
    store.status, store.body = status, refusal("NoSuchUpload")
    with pytest.raises(UploadNotFoundError):
        await ask(store, call)


@pytest.mark.parametrize("code", ["InvalidPart", "InvalidPartOrder", "EntityTooSmall"])
async def test_parts_that_make_no_object_are_refused_by_the_stores_own_code(store: S3Answers, code: str) -> None:
    store.status, store.body = 400, refusal(code)
    with pytest.raises(PartsRefusedError) as refused:
        await ask(store, "complete")
    assert refused.value.code == code


async def test_aborting_what_is_not_there_is_fine(store: S3Answers) -> None:
    store.status, store.body = 404, refusal("NoSuchUpload")
    await ask(store, "abort")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, refusal("SlowDown")),
        (403, refusal("AccessDenied")),
        (404, refusal("NoSuchBucket")),
        (500, ""),
        (502, "<html>a proxy</html>"),
        (200, ""),
        (200, "<html/>"),
        (200, f"{HEAD}<ListPartsResult {SPACE}><IsTruncated>true"),
        (200, refusal("InternalError")),
    ],
)
async def test_trouble_may_pass_and_nothing_is_made_of_an_answer_that_is_none(
    store: S3Answers, call: str, status: int, body: str
) -> None:
    store.status, store.body = status, body
    with pytest.raises(Transient):
        await ask(store, call)


@pytest.mark.parametrize("call", ["create", "list_parts", "list_uploads", "abort"])
async def test_a_store_that_never_answers_is_waited_for_no_longer_than_its_time(store: S3Answers, call: str) -> None:
    store.hung = True
    async with store.opened(0.05) as storage:
        with pytest.raises(Transient):
            await CALLS[call](storage.multipart)


@pytest.mark.parametrize("lost", ["<Size>5</Size>", "<PartNumber>7</PartNumber>", "<IsTruncated>false</IsTruncated>"])
async def test_a_list_that_lacks_what_it_must_tell_is_none(store: S3Answers, lost: str) -> None:
    store.body = LISTED.replace(lost, "")
    with pytest.raises(Transient):
        await ask(store, "list_parts")


async def test_uploads_that_will_not_go_are_not_ended_for_ever(
    store: S3Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.storage_multipart.MOST_ROUNDS", 3)

    class Stubborn(Multipart):
        async def list_uploads(self, object_key: str) -> list[OpenUpload]:
            return [OpenUpload(object_key, "u")]

        async def abort(self, object_key: str, upload_id: str) -> None:
            """As if it went."""

    async with store.opened() as storage:
        storage.multipart.__class__ = Stubborn
        with pytest.raises(Transient, match="still there after 3"):
            await storage.multipart.abort_all("k")


def test_urls_are_signed_with_their_parameters_in_order() -> None:
    parts = Multipart(None, None, Presigner("http://h:9/b/", "r", "a", "s"), 1)  # type: ignore[arg-type]
    url = URL(parts.presigned("GET", "k ä", 60, {"uploadId": "u", "max-parts": "10000"}), encoded=True)
    assert url.raw_query_string.startswith("max-parts=10000&uploadId=u&X-Amz-Algorithm")
    assert parts.location("k ä") == "http://h:9/b/k%20%C3%A4"
