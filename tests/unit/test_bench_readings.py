"""How the benchmarks read what they measure: log lines of batches, answers on a connection, ready-made records."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from docuvault_contracts.cloudevents import decode
from docuvault_contracts.s3 import parse_notification

from benchmarks.backlog import SIZE_BYTES, notification
from benchmarks.bare_pair import ready_made
from benchmarks.batches import Logged, read_decided, read_line, speed_of
from benchmarks.http_load import whole
from benchmarks.model import BenchError
from benchmarks.wire import confirm, put, upload_url
from services.chassis.delivery import Record
from services.quota.model import Observed
from services.quota.parsing import QuotaParser

START = datetime(2026, 1, 1, tzinfo=UTC)


def _batch(seconds: float, records: int = 500, published: int | None = None, dead: int = 0) -> Logged:
    done = START + timedelta(seconds=seconds)
    return Logged(done, records, records if published is None else published, dead, {"handle": 30.0, "commit": 10.0})


def test_the_first_batch_pays_for_the_start_and_is_not_timed() -> None:
    reading = speed_of([_batch(9), _batch(9.1), _batch(9.2)], 1500)
    assert reading.value == pytest.approx(5000)


def test_what_no_step_counts_is_said_as_between() -> None:
    where = speed_of([_batch(0), _batch(0.1), _batch(0.2)], 1500).where
    assert where == {"records a batch": 500, "handle ms": 30, "commit ms": 10, "between ms": pytest.approx(60)}


@pytest.mark.parametrize(
    "batches",
    [[_batch(0), _batch(1, published=499)], [_batch(0), _batch(1, dead=1)], [_batch(0), _batch(1, records=600)]],
    ids=["an event is missing", "a dead letter", "too many records"],
)
def test_a_run_that_did_not_decide_each_record_once_is_no_measure(batches: list[Logged]) -> None:
    with pytest.raises(BenchError, match="of 1000 records"):
        speed_of(batches, 1000)


def test_one_batch_is_no_measure() -> None:
    with pytest.raises(BenchError, match="one batch"):
        speed_of([_batch(0)], 500)


def test_a_batch_is_read_from_its_line_and_other_lines_are_none() -> None:
    line = {"time": "2026-01-01T00:00:00Z", "level": "info", "event": "consumer.batch", "records": 3, "published": 3}
    found = read_line(json.dumps({**line, "dead_letters": 0, "handle_ms": 1.5}, separators=(",", ":")))
    assert found == Logged(START, 3, 3, 0, {"handle": 1.5})
    assert read_line('{"event":"consumer.assigned"}') is None


def test_of_a_batch_that_told_other_things_besides_only_what_was_decided_counts() -> None:
    said = {"time": "2026-01-01T00:00:00Z", "event": "consumer.batch", "records": 7, "published": 3, "dead_letters": 0}
    assert read_decided(json.dumps(said, separators=(",", ":"))) == Logged(START, 3, 3, 0)
    assert read_decided(json.dumps({**said, "published": 0}, separators=(",", ":"))) is None
    assert read_decided('{"event":"consumer.assigned"}') is None


def test_a_dead_letter_among_what_was_decided_spoils_the_run() -> None:
    said = {"time": "2026-01-01T00:00:00Z", "event": "consumer.batch", "records": 3, "published": 0, "dead_letters": 3}
    spoilt = read_decided(json.dumps(said, separators=(",", ":")))
    assert spoilt is not None
    with pytest.raises(BenchError, match="3 dead letters"):
        speed_of([spoilt, _batch(1)], 500)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
    ],
)
def test_an_answer_is_whole_when_all_its_bytes_are_there(received: bytes, expected: bool) -> None:  # noqa: FBT001 - a case
    assert whole(received) is expected


def test_a_notification_is_one_the_ledger_decides() -> None:
    user, now = uuid4(), int(START.timestamp()) * 10**9
    key, value = notification("documents", user, now)
    assert [each.observed_ns for each in parse_notification(value)] == [now]
    record = Record("storage.events", 0, 0, key, value, (), 0)
    (delivery,) = QuotaParser("documents", 0)(record)
    assert isinstance(delivery.event, Observed)
    assert (delivery.event.user_id, delivery.event.size_bytes) == (user, SIZE_BYTES)
    assert delivery.traceparent is not None


def test_the_ready_made_event_is_a_decision() -> None:
    message = ready_made()
    assert decode(message.headers, message.value).event.type == "quota.reserved"


@pytest.mark.parametrize("request_bytes", [upload_url("token"), confirm("token", "id")], ids=["upload-url", "confirm"])
def test_a_request_says_how_long_it_is_and_who_asks(request_bytes: bytes) -> None:
    head, body = request_bytes.split(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Authorization: Bearer token" in head


def test_a_put_is_for_the_place_its_url_names() -> None:
    head, body = put("http://localhost:9000/documents/a/b.pdf?X-Amz-Date=1").split(b"\r\n\r\n")
    assert head.startswith(b"PUT /documents/a/b.pdf?X-Amz-Date=1 HTTP/1.1\r\nHost: localhost:9000\r\n")
    assert len(body) == SIZE_BYTES
