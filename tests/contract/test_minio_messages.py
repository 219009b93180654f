"""Messages that a real MinIO wrote to a real Kafka, through its queue folder; only host ids and names were changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from docuvault_contracts.keys import parse_key
from docuvault_contracts.s3 import EMPTY_ETAG, ObjectRecord, parse_notification

DATA = Path(__file__).parent / "data" / "minio"
OUR_KEY = (
    "0f0e0d0c-0b0a-4908-8706-050403020100/11111111-2222-4333-8444-555555555555/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
)


def read(name: str) -> ObjectRecord:
    (found,) = parse_notification((DATA / f"{name}.json").read_bytes())
    return found


def test_an_upload_is_a_created_object_of_ours() -> None:
    found = read("put")
    assert (found.kind, found.bucket, found.key) == ("created", "documents", f"{OUR_KEY}.pdf")
    assert (found.size_bytes, found.etag) == (5, "5d41402abc4b2a76b9719d911017c592")
    assert parse_key(found.key) is not None


def test_the_trace_comes_back_from_the_store() -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert read("put").user_metadata["x-amz-meta-traceparent"] == trace


def test_a_key_full_of_odd_characters_is_unescaped() -> None:
    assert read("put_escaped").key == f"{OUR_KEY}.a b+c%d%2Fe&=ü文😀~*"


@pytest.mark.parametrize("name", ["put_empty", "copy"])
def test_an_empty_object_comes_without_a_size(name: str) -> None:
    assert b'"size"' not in (DATA / f"{name}.json").read_bytes()
    assert (read(name).kind, read(name).size_bytes, read(name).etag) == ("created", 0, EMPTY_ETAG)


def test_tagging_tells_the_object_again_with_the_time_of_its_upload() -> None:
    tagged, put = read("put_tagging"), read("put")
    assert (tagged.kind, tagged.etag, tagged.observed_ns) == ("created", put.etag, put.observed_ns)


def test_reading_an_object_is_no_observation() -> None:
    assert read("accessed_get").kind == "other"


def test_a_removal_tells_its_own_time_and_no_size() -> None:
    removed = read("removed")
    assert (removed.kind, removed.size_bytes, removed.etag) == ("removed", None, None)
    assert removed.observed_ns > read("put").observed_ns


def test_removing_nothing_is_told_as_a_later_absence() -> None:
    nothing = read("removed_nothing")
    assert nothing.kind == "removed"
    assert nothing.observed_ns > read("removed").observed_ns
