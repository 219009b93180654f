"""POST /api/documents/upload-url, and the bare PUT to what it answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from docuvault_contracts.keys import parse_key

from deploy.local.stack import Stack
from tests.stack.support.api import Api
from tests.stack.support.bucket import Bucket


async def test_the_url_names_a_key_that_the_server_made(api: Api) -> None:
    user = await api.user()
    upload = await user.begin("Quarterly Report.Final.PDF")
    key = parse_key(upload.key)
    assert key is not None
    assert (key.user_id, str(key.document_id), key.ext) == (user.user_id, upload.document_id, ".pdf")
    assert key.nonce.version == 4
    assert "uarterly" not in upload.url


@pytest.mark.parametrize(
    ("filename", "ext"),
    [
        ("a.TXT", ".txt"),
        ("a.tar.GZ", ".gz"),
        ("README", ""),
        (".bashrc", ""),
        ("a.", ""),
        ("a.b/c", ""),
        ("Ä.ÄÖ", ".äö"),
    ],
)
async def test_of_the_name_the_key_holds_the_lower_cased_last_suffix_only(api: Api, filename: str, ext: str) -> None:
    upload = await (await api.user()).begin(filename)
    key = parse_key(upload.key)
    assert key is not None
    assert key.ext == ext


async def test_two_urls_for_one_name_are_two_documents(api: Api) -> None:
    user = await api.user()
    one, other = await user.begin("same.pdf"), await user.begin("same.pdf")
    assert one.document_id != other.document_id
    assert one.key.split("/")[2] != other.key.split("/")[2]


async def test_the_url_lives_fifteen_minutes_at_the_public_endpoint(api: Api, stack: Stack) -> None:
    upload = await (await api.user()).begin()
    assert urlsplit(upload.url).netloc == stack.info.minio_public_endpoint
    assert urlsplit(upload.url).path.startswith(f"/{stack.info.bucket}/")
    assert upload.query["X-Amz-Expires"] == "900"
    signed = datetime.strptime(upload.query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - signed) < timedelta(seconds=30)


async def test_the_answer_says_what_the_contract_promises(api: Api) -> None:
    answer = await (await api.user()).upload_url("a.pdf")
    assert (answer.status, answer.headers["Content-Type"].partition(";")[0]) == (200, "application/json")
    assert {"upload_url", "document_id"} <= answer.body.keys()
    assert str(UUID(answer.body["document_id"])) == answer.body["document_id"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_pending_document_of_no_bytes_is_there_at_once(api: Api) -> None:
    user = await api.user()
    upload = await user.begin("draft.txt", "text/plain")
    document = (await user.get(upload.document_id)).body
    seen = {name: document[name] for name in ("id", "filename", "content_type", "size_bytes", "status", "topics")}
    assert seen == {
        "id": upload.document_id,
        "filename": "draft.txt",
        "content_type": "text/plain",
        "size_bytes": 0,
        "status": "pending",
        "topics": [],
    }


@pytest.mark.parametrize(
    "headers", [{}, {"Content-Type": "application/pdf"}, {"Content-Type": "text/plain; charset=utf-8"}]
)
async def test_a_put_of_the_bytes_alone_works(api: Api, bucket: Bucket, headers: dict[str, str]) -> None:
    user = await api.user()
    upload = await user.begin()
    assert await user.put(upload, b"x" * 1000, headers) == 200
    assert (await bucket.look(upload.key)).size_bytes == 1000


async def test_the_url_opens_nothing_but_this_put(api: Api) -> None:
    user = await api.user()
    upload, other = await user.begin(), await user.begin()
    elsewhere = upload.url.replace(upload.key, other.key)
    longer = upload.url.replace("X-Amz-Expires=900", "X-Amz-Expires=90000")
    attempts = (("GET", upload.url), ("DELETE", upload.url), ("PUT", elsewhere), ("PUT", longer))
    assert elsewhere != upload.url != longer
    statuses = await asyncio.gather(
        *(user.at_url(method, url, b"x" if method == "PUT" else None) for method, url in attempts)
    )
    assert statuses == [403] * 4


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content_type": "text/plain"}, "filename"),
        ({"filename": "a.txt"}, "content_type"),
        ({"filename": None, "content_type": "text/plain"}, "filename"),
        ({"filename": 7, "content_type": "text/plain"}, "filename"),
        ({"filename": ["a.txt"], "content_type": "text/plain"}, "filename"),
        ({"filename": "", "content_type": "text/plain"}, "filename"),
        ({"filename": "a.txt", "content_type": " "}, "content_type"),
        ({"filename": "a.txt", "content_type": "plain"}, "content_type"),
        ({"filename": "a.txt", "content_type": "text/plain\r\nX-Evil: 1"}, "content_type"),
        ({"filename": "a.txt", "content_type": "text/" + "x" * 300}, "content_type"),
        ({"filename": "a.txt", "content_type": "text/plän"}, "content_type"),
    ],
)
async def test_a_body_that_does_not_fit_names_the_field(api: Api, body: dict[str, object], field: str) -> None:
    user = await api.user()
    answer = await user.send("POST", "/api/documents/upload-url", body)
    assert answer.status == 422
    assert [problem["loc"] for problem in answer.body["detail"]] == [["body", field]]
    assert (await user.list()).body["items"] == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b"[" * 20_000])
async def test_a_body_that_is_no_json_object_is_a_422(api: Api, raw: bytes) -> None:
    answer = await (await api.user()).call("POST", "/api/documents/upload-url", data=raw)
    assert answer.status == 422
    assert answer.body["detail"][0]["loc"][0] == "body"


async def test_both_fields_that_are_wrong_are_named(api: Api) -> None:
    answer = await (await api.user()).send("POST", "/api/documents/upload-url", {})
    assert [problem["loc"] for problem in answer.body["detail"]] == [["body", "filename"], ["body", "content_type"]]


async def test_fields_that_are_not_known_yet_are_ignored(api: Api) -> None:
    body = {"filename": "a.txt", "content_type": "text/plain", "checksum": "abc", "size_bytes": 5}
    assert (await (await api.user()).send("POST", "/api/documents/upload-url", body)).status == 200


async def test_a_body_beyond_all_bounds_is_a_413(api: Api) -> None:
    answer = await (await api.user()).send(
        "POST", "/api/documents/upload-url", {"filename": "a" * 200_000, "content_type": "text/plain"}
    )
    assert (answer.status, list(answer.body)) == (413, ["detail"])
