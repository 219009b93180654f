"""What of topic `documents` can be brought back, and as what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import UploadRequested
from msgspec.structs import replace

from services.chassis.delivery import Fault, Record
from services.upload.messages import (
    deletion_reminded,
    document_deleted,
    reclassify_requested,
    upload_reminded,
    upload_requested,
)
from services.upload.restore.reading import Lost, nameless, read
from tests.unit.upload_facts import ABOUT, DOCUMENT, KEY, NOW, USER, pending

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LATER = NOW + timedelta(hours=2)
REQUESTED = Lost(DOCUMENT, USER, KEY, "unnamed.txt", "text/plain", NOW, NOW + timedelta(minutes=15))


def record(message: Message) -> Record:
    return Record(message.topic, 0, 7, message.key, message.value, message.headers, 0)


def requested(**fields: Any) -> Record:
    said = {"content_type": "text/plain", "requested_at": NOW, "expires_at": LATER}
    return record(encode(UploadRequested(**ABOUT | said | fields), id="1", source="test", time=NOW))


@pytest.mark.parametrize("message", [upload_requested(pending(), TRACE), upload_reminded(pending(), LATER)])
def test_a_request_holds_all_of_a_document_but_its_name_whenever_it_is_said(message: Message) -> None:
    assert read(record(message)) == REQUESTED


@pytest.mark.parametrize("message", [document_deleted(pending(), NOW, TRACE), deletion_reminded(pending(), LATER)])
def test_a_deletion_is_a_tombstone_also_of_a_document_that_was_never_heard_of(message: Message) -> None:
    found = read(record(message))
    assert found is not None
    assert (found.id, found.object_key, found.deleted, found.filename) == (DOCUMENT, KEY, True, "unnamed.txt")
    assert found.expires_at > found.created_at


@pytest.mark.parametrize("content_type", ["", "a\0/b", "x" * 256])
def test_a_type_that_cannot_be_stored_is_replaced(content_type: str) -> None:
    found = read(requested(content_type=content_type))
    assert found is not None
    assert found.content_type == "application/octet-stream"


@pytest.mark.parametrize(
    "useless",
    [
        record(reclassify_requested(pending(), NOW, TRACE)),
        requested(object_key="elsewhere"),
        requested(expires_at=NOW),
        replace(requested(), value=b"{"),
        replace(requested(), headers=()),
        replace(requested(), fault=Fault("the checksum of the batch is wrong")),
    ],
)
def test_what_is_no_document_of_ours_is_passed_over(useless: Record) -> None:
    assert read(useless) is None


def test_of_a_document_that_only_its_bytes_are_known_of_the_key_tells_the_most() -> None:
    lost = nameless(DOCUMENT, USER, KEY, NOW)
    assert (lost.filename, lost.content_type, lost.deleted) == ("unnamed.txt", "application/octet-stream", False)
