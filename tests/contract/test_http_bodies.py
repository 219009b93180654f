"""What a client may send: hostile names and numbers have a defined answer that names the field."""

from __future__ import annotations

from typing import Any

import pytest
from docuvault_contracts import http_multipart, http_topics
from docuvault_contracts.http import (
    BODIES,
    DocumentQuery,
    LimitRequest,
    Quota,
    QuotaExceeded,
    Response,
    UploadUrlRequest,
    stored_name,
)
from docuvault_contracts.http_uploads import UploadUrlsRequest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError


def wrong_fields(sent: dict[str, Any]) -> set[Any]:
    with pytest.raises(ValidationError) as caught:
        UploadUrlRequest.model_validate(sent)
    return {error["loc"][0] for error in caught.value.errors()}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\report.pdf", "report.pdf"),
        ("  spaced.pdf ", "spaced.pdf"),
        ("ünïcode 文書 😀.pdf", "ünïcode 文書 😀.pdf"),
        ("a" * 1024, "a" * 1024),
        ("\u202egnp.exe", "\u202egnp.exe"),
    ],
)
def test_only_the_last_component_of_a_name_is_kept(sent: str, kept: str) -> None:
    assert UploadUrlRequest(filename=sent, content_type="text/plain").filename == kept


@pytest.mark.parametrize(
    "filename",
    [
        "",
        " ",
        "/",
        "a/",
        "..",
        "a/..",
        "\\",
        "a\0b",
        "a\nb",
        "a\x7f",
        "a\x85b",
        "a\u2028b",
        "a\ud800b",
        "a" * 1025,
        7,
        None,
    ],
)
def test_a_name_that_names_no_file_is_refused_by_field(filename: Any) -> None:
    assert wrong_fields({"filename": filename, "content_type": "text/plain"}) == {"filename"}


@pytest.mark.parametrize("content_type", ["application/pdf", "text/plain; charset=utf-8", "image/svg+xml", "x/y.z-1"])
def test_a_media_type_may_have_parameters(content_type: str) -> None:
    assert UploadUrlRequest(filename="a", content_type=content_type).content_type == content_type


def test_a_file_of_a_type_that_the_browser_does_not_know_is_a_stream_of_bytes() -> None:
    assert UploadUrlRequest(filename="a", content_type="").content_type == "application/octet-stream"


@pytest.mark.parametrize(
    "content_type",
    [" ", "pdf", "a/", "/b", "a/b/c", "a b/c", "text/plain\n", "text/plain; x=\0", "text/ü", "a/" + "b" * 254, 7, None],
)
def test_what_is_no_media_type_is_refused_by_field(content_type: Any) -> None:
    assert wrong_fields({"filename": "a", "content_type": content_type}) == {"content_type"}


def test_everything_that_is_missing_is_named_and_what_is_unknown_is_ignored() -> None:
    assert wrong_fields({}) == {"filename", "content_type"}
    sent = {"filename": "a", "content_type": "a/b", "added_later": 1}
    assert UploadUrlRequest.model_validate(sent) == UploadUrlRequest(filename="a", content_type="a/b")


@given(st.text(max_size=40))
def test_a_kept_name_is_one_printable_component(filename: str) -> None:
    try:
        kept = stored_name(filename)
    except ValueError:
        return
    assert kept
    assert not set(kept) & set("/\\\0\r\n")
    assert kept.encode()


@pytest.mark.parametrize("limit", [True, "5", 5.0, -1, 2**63, None])
def test_a_limit_is_a_whole_number_that_the_database_holds(limit: Any) -> None:
    with pytest.raises(ValidationError):
        LimitRequest.model_validate({"limit_bytes": limit})


@pytest.mark.parametrize("limit", [0, 1, 2**63 - 1])
def test_a_limit_may_be_anything_from_nothing_to_the_largest(limit: int) -> None:
    assert LimitRequest.model_validate({"limit_bytes": limit}).limit_bytes == limit


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"status": "rejected"}, {"topic": ""}]
)
def test_a_query_out_of_range_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        DocumentQuery.model_validate(query)


def test_a_query_is_read_from_texts() -> None:
    assert DocumentQuery.model_validate({"limit": "7", "status": "pending"}).limit == 7


def test_a_response_with_a_field_that_nobody_described_is_a_bug() -> None:
    with pytest.raises(ValidationError):
        Quota.model_validate({"used_bytes": 0, "limit_bytes": 0, "surprise": 1})


@pytest.mark.parametrize("body", [*BODIES, *http_topics.BODIES, *http_multipart.BODIES], ids=lambda body: body.__name__)
def test_every_field_of_every_body_is_described(body: type[Response]) -> None:
    assert all(field.description for field in body.model_fields.values())


def asked(**fields: Any) -> UploadUrlRequest:
    return UploadUrlRequest.model_validate({"filename": "a", "content_type": "a/b"} | fields)


def test_nothing_needs_to_be_declared() -> None:
    assert (asked().size_bytes, asked().bound) == (None, False)
    assert (asked(size_bytes=0, bound=True).size_bytes, asked(size_bytes=5).bound) == (0, False)


@pytest.mark.parametrize("size", [-1, 1.5, "10", True, 2**63, [1]])
def test_a_declared_size_that_is_none_is_refused_by_field(size: Any) -> None:
    assert wrong_fields({"filename": "a", "content_type": "a/b", "size_bytes": size, "bound": True}) == {"size_bytes"}


@pytest.mark.parametrize("bound", ["true", 1, None, "yes"])
def test_what_is_neither_true_nor_false_binds_nothing(bound: Any) -> None:
    assert wrong_fields({"filename": "a", "content_type": "a/b", "size_bytes": 1, "bound": bound}) == {"bound"}


def test_a_bound_url_needs_a_size() -> None:
    assert wrong_fields({"filename": "a", "content_type": "a/b", "bound": True}) == {"bound"}


@pytest.mark.parametrize("number", [0, 101])
def test_a_batch_has_1_to_100_files(number: int) -> None:
    with pytest.raises(ValidationError, match="files"):
        UploadUrlsRequest(files=(asked(),) * number)
    assert len(UploadUrlsRequest(files=(asked(),) * 100).files) == 100


def test_a_malformed_file_of_a_batch_is_named_by_its_place() -> None:
    with pytest.raises(ValidationError) as caught:
        UploadUrlsRequest.model_validate(
            {"files": [{"filename": "a", "content_type": "a/b"}, {"filename": "", "content_type": "a/b"}]}
        )
    assert [error["loc"] for error in caught.value.errors()] == [("files", 1, "filename")]


@pytest.mark.parametrize(
    ("used", "limit", "rejected", "over"),
    [(90, 100, 11, 1), (400, 100, 1, 301), (0, 0, 10, 10), (0, 100, 10, 0), (2**63 - 1, 0, 2**63 - 1, 2**63 - 1)],
)
def test_a_refusal_says_by_how_much_it_does_not_fit(used: int, limit: int, rejected: int, over: int) -> None:
    assert QuotaExceeded.of(used, limit, rejected).model_dump() == {
        "used_bytes": used,
        "limit_bytes": limit,
        "rejected_bytes": rejected,
        "over_by_bytes": over,
    }
