"""Records of Kafka are sorted by the key they are about, whatever they hold, and what FIX=1 says is one fact each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from aiokafka import TopicPartition
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Message, decode, encode
from docuvault_contracts.events import DocumentDeleted, ObjectMissing, ObjectObserved, QuotaRejected, UploadRequested

from deploy.local.errors import StackError
from deploy.ops import explain_records
from deploy.ops.audit_servers import READERS
from deploy.ops.dlq.letters import Letter
from deploy.ops.explain_kafka import WATCHED, concerning, parts_of
from deploy.ops.explain_model import Facts, Group, Heard
from deploy.ops.explain_push import message_of
from deploy.ops.explain_records import UNREADABLE, Sieve
from deploy.ops.explain_rules import READABLE_BY
from deploy.ops.explain_states import Push
from services.chassis.deadletters import DeadLetter as Buried
from services.chassis.delivery import Record
from tests.stack.support.bucket import Seen
from tests.stack.support.notifications import created
from tests.unit.explain_facts import DOCUMENT, KEY, NOW, PUT_NS, USER, document, facts, stored, waiting

BUCKET = "documents"


def record(
    topic: str, key: bytes | None, value: bytes | None = None, headers: tuple[tuple[str, bytes], ...] = ()
) -> Record:
    return Record(topic, 0, 7, key, value, headers, 1_700_000_000_000)


def of(message: Message) -> Record:
    return record(message.topic, message.key, message.value, message.headers)


def rejected() -> Message:
    event = QuotaRejected.model_validate(
        {"document_id": DOCUMENT, "user_id": USER, "object_key": KEY, "version": 2, "used_bytes": 95, "limit_bytes": 97}
        | {"decided_at": NOW, "rejected_bytes": 5, "etag": "e", "reason": "over_quota"}
    )
    return encode(event, id="an-id", source="test", time=NOW)


def notified(key: str = KEY) -> Record:
    value = created(BUCKET, Seen(key, "e" * 32, 5, PUT_NS))
    return record("storage.events", f"{BUCKET}/{key}".encode(), value)


def seen(*records: Record, key: str = KEY) -> list[Heard | Letter]:
    sieve = Sieve([key], BUCKET)
    for each in records:
        sieve.see(each)
    return [*sieve.found[key].heard, *sieve.found[key].dead]


def test_an_event_is_told_in_words_with_its_id() -> None:
    (told,) = seen(of(rejected()))
    assert isinstance(told, Heard)
    assert (told.type, told.event_id) == ("quota.rejected", "an-id")
    assert told.what == "version 2: 5 bytes, over_quota; 95 of 97 in use"


def test_a_notification_is_told_by_the_stores_own_name() -> None:
    (told,) = seen(notified())
    assert isinstance(told, Heard)
    assert told.type == "s3:ObjectCreated:Put"
    assert told.what.startswith("5 bytes")


def test_a_foreign_key_is_known_by_its_path() -> None:
    assert len(seen(notified("backup/a b.txt"), key="backup/a b.txt")) == 1


@pytest.mark.parametrize(
    "other",
    [
        record("quota", str(UUID(int=9)).encode(), b"{}"),
        record("quota", None, None),
        record("storage.events", f"{BUCKET}/{USER}/{UUID(int=9)}/{UUID(int=3)}.pdf".encode(), b"{}"),
        record("storage.events", f"another/{KEY}".encode(), b"{}"),
        record("storage.events", b"\xff" * 80, DOCUMENT.encode()),
    ],
)
def test_what_is_about_another_key_is_dropped(other: Record) -> None:
    assert seen(other) == []


@pytest.mark.parametrize("value", [None, b"", b"{", b"\xff", b"[]", b'{"Records": [1]}'])
@pytest.mark.parametrize("topic", ["storage.events", "quota", "documents"])
def test_what_cannot_be_read_is_told_as_such(topic: str, value: bytes | None) -> None:
    key = f"{BUCKET}/{KEY}" if topic == "storage.events" else DOCUMENT
    (told,) = seen(record(topic, key.encode(), value))
    assert isinstance(told, Heard)
    assert told.type == UNREADABLE


def test_a_record_of_no_time_is_told_all_the_same() -> None:
    odd = Record("quota", 0, 7, DOCUMENT.encode(), b"{}", (), -(2**62))
    (told,) = seen(odd)
    assert isinstance(told, Heard)
    assert told.at == datetime.fromtimestamp(0, UTC)


@pytest.mark.parametrize("original", [notified(), of(rejected()), record("quota", None, f'"{DOCUMENT}"'.encode())])
def test_a_dead_letter_is_known_by_its_key_or_by_what_it_mentions(original: Record) -> None:
    buried = Buried(original, "invalid", "no such thing").message("quota", NOW)
    (told,) = seen(of(buried))
    assert isinstance(told, Letter)
    assert (told.group, told.cause, told.reason) == ("quota", "invalid", "no such thing")
    assert str(told.origin) == f"{original.topic}/0/7"
    assert (told.value, told.headers) == (b"", ())  # it may be megabytes
    assert told.name == "quota/0/7"


def test_a_dead_letter_without_its_marks_is_told_all_the_same() -> None:
    (told,) = seen(record("dlq.quota", DOCUMENT.encode(), b""))
    assert isinstance(told, Letter)
    assert told.origin is None


def test_more_than_enough_records_are_counted_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_records, "KEPT", 3)
    sieve = Sieve([KEY], BUCKET)
    for _ in range(5):
        sieve.see(notified())
    assert (len(sieve.found[KEY].heard), sieve.found[KEY].left_out) == (3, 2)


def test_all_that_the_services_read_is_read() -> None:
    assert {topic for read in READERS.values() for topic in read} - {topics.USERS} <= set(WATCHED)
    assert set(READERS) == set(READABLE_BY)


def places(topic: str, count: int = 6, end: int = 10) -> dict[TopicPartition, tuple[int, int]]:
    return {TopicPartition(topic, number): (0, end) for number in range(count)}


def test_of_what_is_keyed_by_document_one_partition_is_read_and_of_the_stores_events_all() -> None:
    bounds = concerning(places("storage.events") | places("quota"), [DOCUMENT.encode()])
    assert [sum(at.topic == topic for at in bounds) for topic in ("storage.events", "quota")] == [6, 1]


def test_what_a_group_has_not_settled_is_read_first_and_dead_letters_with_it() -> None:
    quota, letters = TopicPartition("quota", 0), TopicPartition("dlq.quota", 0)
    groups = {name: Group(name, 1, 0, {("quota", 0): committed}) for name, committed in (("upload", 8), ("janitor", 6))}
    opened, settled = parts_of({quota: (0, 10), letters: (0, 4)}, {quota: 3, letters: 2}, groups)
    assert opened == {quota: (6, 10), letters: (2, 4)}
    assert settled == {quota: (3, 6)}


def test_what_waits_is_read_also_where_its_time_is_before_the_documents() -> None:
    at = TopicPartition("quota", 0)
    opened, settled = parts_of({at: (0, 10)}, {at: 9}, {"upload": Group("upload", 1, 0, {("quota", 0): 6})})
    assert (opened, settled) == ({at: (6, 10)}, {})


def said(push: Push, found: Facts, seen_ns: int | None = None) -> tuple[object, str]:
    message = message_of(push, found, seen_ns)
    envelope = decode(message.headers, message.value)
    assert envelope.source == "docuvault/operator"
    assert message.key == DOCUMENT.encode()
    return envelope.event, envelope.id


def test_an_observation_says_what_is_stored_and_twice_is_once() -> None:
    event, first = said(Push.OBSERVED, facts())
    assert isinstance(event, ObjectObserved)
    assert (event.etag, event.size_bytes, event.observed_ns, event.object_key) == ("e", 5, PUT_NS, KEY)
    assert said(Push.OBSERVED, replace(facts(), now=NOW.replace(hour=23)))[1] == first
    assert said(Push.OBSERVED, facts(stored=stored(6, "f")))[1] != first


def test_an_absence_is_dated_before_it_was_seen() -> None:
    event, _ = said(Push.MISSING, facts(stored=None), 12_345)
    assert isinstance(event, ObjectMissing)
    assert event.observed_ns == 12_345


def test_a_deletion_is_said_again_as_a_reminder_which_the_ledger_answers() -> None:
    deleted = document("deleted", reason="document_deleted")
    event, first = said(Push.DELETED, facts(document=deleted))
    assert isinstance(event, DocumentDeleted)
    assert (event.deleted_at, event.reminded_at) == (deleted.updated_at, NOW)
    assert said(Push.DELETED, facts(document=deleted))[1] == first


def test_a_reminder_says_all_that_the_request_said_and_when() -> None:
    event, _ = said(Push.REMIND, waiting())
    assert isinstance(event, UploadRequested)
    assert (event.reminded_at, event.content_type) == (NOW, "application/pdf")


@pytest.mark.parametrize(
    ("push", "found", "seen_ns"),
    [
        (Push.OBSERVED, facts(stored=None), None),
        (Push.MISSING, facts(), 12_345),
        (Push.MISSING, facts(stored=None), None),
        (Push.DELETED, facts(), None),
        (Push.REMIND, facts(), None),
        (Push.DELETED, facts(document=None), None),
    ],
)
def test_what_no_longer_holds_is_not_said(push: Push, found: Facts, seen_ns: int | None) -> None:
    with pytest.raises(StackError):
        message_of(push, found, seen_ns)
