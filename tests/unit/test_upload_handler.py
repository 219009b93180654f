from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from docuvault_contracts.cloudevents import encode
from docuvault_contracts.events import LimitChanged, ObjectMissing
from msgspec.structs import replace
from structlog.testing import capture_logs

from services.chassis.delivery import Delivery, Origin, Record
from services.chassis.errors import InvalidEvent
from services.chassis.storage import ObjectStat
from services.upload.document import Status
from services.upload.handler import fold, parse
from services.upload.messages import document_deleted, reclassify_requested, upload_observed, upload_requested
from tests.unit.upload_facts import ABOUT, DOCUMENT, NOW, pending, rejected, reserved, uploaded

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def record(event: Any, **changes: Any) -> Record:
    message = encode(event, id="1", source="test", time=NOW, traceparent=TRACE)
    return replace(Record(message.topic, 3, 7, message.key, message.value, message.headers, 0), **changes)


def delivery(event: Any, offset: int = 0) -> Delivery[Any]:
    return Delivery(event, Origin("quota", 0, offset))


def headers(**attributes: bytes) -> tuple[tuple[str, bytes], ...]:
    return tuple(attributes.items())


def test_a_decision_is_read_with_its_origin_and_trace() -> None:
    assert list(parse(record(reserved()))) == [Delivery(reserved(), Origin("quota", 3, 7), TRACE)]


def test_an_event_that_moves_no_document_is_skipped() -> None:
    assert parse(record(ObjectMissing(**ABOUT, observed_ns=1))) == ()


def test_a_changed_limit_is_heard_though_it_moves_no_document() -> None:
    changed = LimitChanged(user_id=DOCUMENT, limit_bytes=1, used_bytes=0, changed_at=NOW)
    assert [each.event for each in parse(record(changed))] == [changed]


def test_an_event_type_of_a_later_version_is_skipped() -> None:
    later = tuple((name, b"quota.halved" if name == "ce_type" else value) for name, value in record(reserved()).headers)
    assert parse(record(reserved(), headers=later)) == ()


@pytest.mark.parametrize(
    "changes", [{"value": None}, {"value": b"{"}, {"headers": ()}, {"headers": headers(ce_id=b"1")}]
)
def test_a_record_nobody_understands_is_invalid(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent):
        parse(record(reserved(), **changes))


def test_a_batch_is_folded_in_order_and_only_what_changed_is_written() -> None:
    other = pending(id=UUID(int=9))
    changed = fold([pending(), other], [delivery(reserved(1)), delivery(rejected(2)), delivery(reserved(1))])
    assert [(document.id, document.status, document.version) for document in changed] == [
        (DOCUMENT, Status.REJECTED, 2)
    ]


def test_a_replayed_batch_writes_nothing() -> None:
    batch = [delivery(reserved(1)), delivery(rejected(2))]
    [after] = fold([pending()], batch)
    assert fold([after], batch) == []


def test_an_event_for_an_unknown_document_is_one_log_line() -> None:
    with capture_logs() as logs:
        assert fold([], [delivery(reserved(), 5)]) == []
    assert [(line["event"], line["document_id"], line["offset"]) for line in logs] == [
        ("upload.unknown_document", str(DOCUMENT), 5)
    ]


def test_bytes_that_are_paid_for_a_document_that_is_not_there_are_a_loud_line() -> None:
    with capture_logs() as logs:
        assert fold([], [delivery(reserved()), delivery(rejected())]) == []
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("upload.unknown_document", "error"),
        ("upload.unknown_document", "warning"),
    ]


def test_an_event_for_another_key_under_the_same_document_id_is_ignored() -> None:
    assert fold([pending()], [delivery(reserved(object_key="elsewhere"))]) == []


def ids(*messages: Any) -> list[bytes]:
    return [dict(message.headers)["ce_id"] for message in messages]


def test_the_same_fact_has_the_same_id_however_often_it_is_said() -> None:
    stat = ObjectStat(1, "e", 5)
    for first, again in (
        (upload_requested(pending(), TRACE), upload_requested(pending(), TRACE)),
        (upload_observed(pending(), stat, NOW, TRACE), upload_observed(uploaded(), stat, NOW.replace(hour=3), TRACE)),
        (document_deleted(pending(), NOW, TRACE), document_deleted(pending(), NOW.replace(hour=3), TRACE)),
    ):
        assert ids(first) == ids(again)


def test_different_facts_have_different_ids() -> None:
    later = NOW.replace(hour=3)
    said = ids(
        upload_requested(pending(), TRACE),
        upload_observed(pending(), ObjectStat(1, "e", 5), NOW, TRACE),
        upload_observed(pending(), ObjectStat(1, "e", 6), NOW, TRACE),
        upload_observed(pending(), ObjectStat(1, "f", 5), NOW, TRACE),
        document_deleted(pending(), NOW, TRACE),
        reclassify_requested(uploaded(), NOW, TRACE),
        reclassify_requested(uploaded(), later, TRACE),
    )
    assert len(set(said)) == len(said)
    assert {dict(document_deleted(pending(), NOW, TRACE).headers)["traceparent"]} == {TRACE.encode()}
