"""The hints that go with what was applied, and with what leaves the outbox: one each, as its model would write it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from docuvault_contracts.cloudevents import Message, decode, encode
from docuvault_contracts.events import AccountChanged, DocumentChanged, LimitChanged

from services.chassis.delivery import Delivery, Origin
from services.upload.changes import change_beside, changes
from services.upload.messages import (
    SOURCE,
    deletion_reminded,
    document_deleted,
    reclassify_requested,
    upload_reminded,
    upload_requested,
)
from tests.unit.upload_facts import DOCUMENT, NOW, USER, classified, pending, rejected, reserved, uploaded

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LIMIT = LimitChanged(user_id=USER, limit_bytes=1, used_bytes=0, changed_at=NOW)


def batch(*events: Any) -> list[Delivery[Any]]:
    return [Delivery(event, Origin("quota", 3, offset), TRACE) for offset, event in enumerate(events)]


def test_each_document_of_a_batch_is_told_once_however_often_it_is_in_it() -> None:
    other = UUID(int=9)
    found = list(changes(batch(reserved(), classified(), reserved(document_id=other)), NOW))
    assert [decode(each.headers, each.value).event for each in found] == [
        DocumentChanged(user_id=USER, document_id=DOCUMENT),
        DocumentChanged(user_id=USER, document_id=other),
    ]
    assert [decode(each.headers, each.value).id for each in found] == ["quota/3/1", "quota/3/2"]


def test_a_batch_that_is_replayed_says_the_same_again_though_it_changes_nothing() -> None:
    heard = batch(reserved(), rejected(2), LIMIT)
    assert list(changes(heard, NOW)) == list(changes(heard, NOW))


def test_an_account_that_changed_alone_is_told_as_that() -> None:
    [message] = changes(batch(LIMIT), NOW)
    assert message == encode(AccountChanged(user_id=USER), id="quota/3/0", source=SOURCE, time=NOW, traceparent=TRACE)


def test_a_hint_is_written_as_its_model_would_and_keyed_by_its_user() -> None:
    [message] = changes(batch(reserved()), NOW)
    event = DocumentChanged(user_id=USER, document_id=DOCUMENT)
    assert message == encode(event, id="quota/3/0", source=SOURCE, time=NOW, traceparent=TRACE)
    assert message.key == str(USER).encode()


def beside(message: Message) -> Any:
    found = change_beside(message)
    return None if found is None else decode(found.headers, found.value)


def test_what_is_made_and_what_is_deleted_leave_with_a_hint() -> None:
    for message in (upload_requested(pending(), TRACE), document_deleted(pending(), NOW, TRACE)):
        found = beside(message)
        assert found.event == DocumentChanged(user_id=USER, document_id=DOCUMENT)
        assert found.id == f"{decode(message.headers, message.value).id}/change"
        assert (found.time, found.traceparent) == (NOW, TRACE)


def test_what_changes_no_document_leaves_alone() -> None:
    for message in (
        upload_reminded(pending(), NOW),
        deletion_reminded(pending(), NOW),
        reclassify_requested(uploaded(), NOW, TRACE),
        Message("documents", b"k", b"", ()),
    ):
        assert beside(message) is None
