"""What the ledger tells the world, and under which ids."""

from __future__ import annotations

from collections.abc import Sequence

from docuvault_contracts.cloudevents import Envelope, Message, decode
from docuvault_contracts.events import LimitChanged, QuotaRejected, QuotaReleased, QuotaReserved
from msgspec.structs import replace
from structlog.testing import capture_logs

from services.chassis.delivery import Delivery
from services.quota.events import LimitChange, decision_message, limit_message
from services.quota.handler import QuotaHandler
from services.quota.model import Decided, Fact, Reservation
from tests.unit.quota_facts import DOCUMENT, KEY, NOW, USER, delivery, observed, rejected, released, reserved

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def read(message: Message) -> Envelope:
    return decode(message.headers, message.value)


def said(row: Reservation) -> Envelope:
    return read(decision_message(Decided(row, TRACE)))


class FixedLedger:
    """A ledger that has decided already."""

    def __init__(self, *rows: Reservation) -> None:
        self._rows = rows

    async def settle(self, batch: Sequence[Delivery[Fact]]) -> Sequence[Decided]:
        assert len(batch) == len(self._rows)
        return [Decided(row, each.traceparent) for row, each in zip(self._rows, batch, strict=True)]


def test_a_reservation_says_what_it_holds() -> None:
    found = said(reserved())
    assert found.event == QuotaReserved(
        document_id=DOCUMENT, user_id=USER, object_key=KEY, version=1, used_bytes=10, limit_bytes=100,
        decided_at=NOW, size_bytes=10, etag="a",
    )  # fmt: skip
    assert (found.source, found.time, found.traceparent) == ("docuvault/quota", NOW, TRACE)


def test_a_rejection_says_what_was_refused_and_what_it_freed() -> None:
    event = said(replace(rejected(), released_bytes=3)).event
    assert isinstance(event, QuotaRejected)
    assert (event.rejected_bytes, event.released_bytes, event.reason, event.etag) == (10, 3, "over_quota", "a")


def test_a_release_says_what_it_freed() -> None:
    event = said(released()).event
    assert isinstance(event, QuotaReleased)
    assert (event.released_bytes, event.reason) == (10, "document_deleted")


def test_the_id_is_the_same_for_the_same_decision_and_another_for_the_next() -> None:
    first, second = reserved(version=1), reserved(version=2)
    assert said(first).id == said(first).id == "2b8a63f8-89c2-507e-8c00-7e5fab2a1416"
    assert said(first).id != said(second).id


def test_a_change_of_a_limit_has_an_id_of_its_own() -> None:
    change = LimitChange(USER, 5, 100, 1, NOW)
    found = read(limit_message(change))
    assert found.event == LimitChanged(user_id=USER, limit_bytes=100, used_bytes=5, changed_at=NOW)
    assert found.id == read(limit_message(change)).id != read(limit_message(replace(change, version=2))).id


async def test_a_batch_is_one_log_line_and_one_for_each_rejection() -> None:
    batch = [delivery(observed()), replace(delivery(observed()), traceparent=TRACE)]
    with capture_logs() as lines:
        messages = await QuotaHandler(FixedLedger(reserved(), rejected())).handle(batch)
    assert [read(message).event.type for message in messages] == ["quota.reserved", "quota.rejected"]
    assert [line["event"] for line in lines] == ["quota.batch_settled", "quota.rejected"]
    assert (lines[0]["size"], lines[0]["decided"], lines[0]["rejected"]) == (2, 2, 1)
    assert (lines[1]["document_id"], lines[1]["rejected_bytes"]) == (str(DOCUMENT), 10)
    assert lines[1]["trace_id"] == TRACE.split("-")[1]
