"""Uploads in parts: the size of parts, the life of URLs, and when parts may still come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.storage_parts import LEAST_PART_BYTES, MIB, MOST_OBJECT_BYTES, MOST_PART_BYTES, MOST_PARTS
from services.upload.document import Document, Reason, Status
from services.upload.multipart.rules import Closed, abortable, open_upload, part_bytes, url_seconds
from tests.unit.upload_facts import NOW, pending, tombstone, uploaded

LIVES = pending(multipart=True, upload_id="u")
GONE = tombstone(Status.DELETED, Reason.DOCUMENT_DELETED)
REFUSED = tombstone(Status.REJECTED, Reason.OVER_QUOTA)


@given(st.integers(0, MOST_OBJECT_BYTES))
def test_a_file_of_any_size_has_parts_that_the_store_takes(size: int) -> None:
    part = part_bytes(size)
    assert LEAST_PART_BYTES <= part <= MOST_PART_BYTES
    assert -(-size // part) <= MOST_PARTS
    assert part % MIB == 0


@pytest.mark.parametrize(
    ("size", "mib"), [(None, 64), (0, 16), (160_000 * MIB, 16), (160_000 * MIB + 1, 17), (MOST_OBJECT_BYTES, 525)]
)
def test_parts_grow_with_the_file(size: int | None, mib: int) -> None:
    assert part_bytes(size) == mib * MIB


@pytest.mark.parametrize(
    ("document", "named", "found"),
    [
        (LIVES, None, LIVES),
        (LIVES, "u", LIVES),
        (LIVES, "another", Closed.UNKNOWN),
        (pending(multipart=True), "any", pending(multipart=True)),
        (None, None, Closed.UNKNOWN),
        (pending(), None, Closed.UNKNOWN),
        (GONE, None, Closed.UNKNOWN),
        (REFUSED, None, Closed.UNKNOWN),
        (uploaded(multipart=True, upload_id="u"), "u", Closed.COMPLETE),
        (uploaded(multipart=True, upload_id="u"), "another", Closed.UNKNOWN),
    ],
)
def test_parts_come_for_a_pending_document_in_parts_and_its_own_upload_alone(
    document: Document | None, named: str | None, found: Document | Closed
) -> None:
    assert open_upload(document, NOW, named) == found
    assert abortable(document, named) == found


def test_an_upload_ends_with_its_time_and_may_still_be_aborted() -> None:
    assert open_upload(LIVES, LIVES.expires_at - timedelta(microseconds=1)) is LIVES
    assert open_upload(LIVES, LIVES.expires_at) is Closed.EXPIRED
    assert abortable(LIVES) is LIVES


@pytest.mark.parametrize(
    ("left", "wanted", "seconds"), [(900, None, 60), (900, 10, 10), (900, 3600, 60), (30.9, None, 30), (0.1, None, 1)]
)
def test_a_url_lives_no_longer_than_its_upload_or_its_client_wants(
    left: float, wanted: int | None, seconds: int
) -> None:
    assert url_seconds(LIVES, LIVES.expires_at - timedelta(seconds=left), 60, wanted) == seconds
