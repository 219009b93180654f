"""How far behind a group is, and how old what it has not settled: by what Kafka says, whoever else is silent."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module

import pytest
from docuvault_contracts import topics
from docuvault_contracts.deadletters import JournalEntry

from deploy.ops.audit_servers import OPTIONAL as OPTIONAL_TO_OPERATORS
from deploy.ops.audit_servers import READERS
from services.chassis.age import Age
from services.chassis.delivery import Fault, Record
from services.janitor.watch_letters import Notes
from services.janitor.watch_rules import (
    GROUPS,
    OPTIONAL,
    Place,
    lag_of,
    progress_of,
    runs,
    under_replicated,
    unsettled,
    written_at,
)
from tests.stack.support.notifications import removed

STORE = topics.STORAGE_EVENTS.name
HANDLERS = {
    "upload": "services.upload.handler",
    "quota": "services.quota.parsing",
    "janitor": "services.janitor.parsing",
    "classifier": "services.classifier.parsing",
}


def record(topic: str, value: bytes | None, ms: int = 5_000_000, fault: Fault | None = None) -> Record:
    return Record(topic, 0, 7, b"key", value, (), ms, fault)


@pytest.mark.parametrize("group", GROUPS)
def test_it_watches_each_group_on_the_topics_that_its_service_reads(group: str) -> None:
    assert sorted(GROUPS[group]) == sorted(import_module(HANDLERS[group]).TOPICS)
    assert sorted(GROUPS[group]) == sorted(topic.name for topic in READERS[group])


def test_no_group_is_forgotten() -> None:
    assert GROUPS.keys() == READERS.keys() == HANDLERS.keys()
    assert OPTIONAL == OPTIONAL_TO_OPERATORS


@pytest.mark.parametrize(
    ("place", "lag"),
    [
        (Place(first=0, end=0, committed=None), 0),
        (Place(first=0, end=3, committed=None), 3),
        (Place(first=0, end=3, committed=3), 0),
        (Place(first=4, end=9, committed=2), 5),
        (Place(first=0, end=3, committed=5), 0),
    ],
    ids=["empty", "never committed", "settled", "retention took some", "a topic made anew"],
)
def test_what_a_group_has_not_settled_is_what_there_is_beyond_its_commit(place: Place, lag: int) -> None:
    assert place.lag == lag
    assert unsettled({("quota", 0): place}) == ({("quota", 0): place.next} if lag else {})


def test_lag_and_progress_are_those_of_a_topic() -> None:
    places = {("quota", 0): Place(0, 5, 2), ("quota", 1): Place(0, 4, 4), ("documents", 0): Place(0, 9, 0)}
    assert (lag_of(places, "quota"), progress_of(places, "quota")) == (3, 6)
    assert (lag_of(places, "documents"), progress_of(places, "documents")) == (9, 0)


def test_a_group_that_a_stack_may_do_without_is_not_missed_until_it_has_been_there() -> None:
    never, once = {("quota", 0): Place(0, 5, None)}, {("quota", 0): Place(0, 5, 1)}
    assert not runs("classifier", never)
    assert runs("classifier", once)
    assert runs("quota", never)


def test_a_notification_that_waited_on_the_stores_disk_is_as_old_as_its_object() -> None:
    value = removed("documents", "key", 4_000 * 10**9)
    assert written_at(record(STORE, value)) == 4_000
    assert written_at(record(STORE, value, ms=3_000_000)) == 3_000, "a store's clock that is ahead makes nothing young"


@pytest.mark.parametrize("value", [b"", None, b"no JSON", b'{"Records": 7}', b'{"Event": "s3:TestEvent"}'])
def test_what_nobody_can_read_is_as_old_as_kafka_has_it(value: bytes | None) -> None:
    assert written_at(record(STORE, value)) == 5_000
    assert written_at(record("documents", value)) == 5_000
    assert written_at(record(STORE, value, fault=Fault("cut"))) == 5_000


def test_an_age_grows_for_as_long_as_nobody_can_look() -> None:
    now = [100.0]
    age = Age(lambda: now[0])
    now[0] = 130.0
    assert age() == 30, "nobody has ever looked"
    age.seen(0)
    assert age() == 0
    now[0] = 135.0
    assert age() == 5, "whatever there is came after that look"
    age.seen(70)
    now[0] = 140.0
    assert age() == 75
    age.seen(-3)
    assert age() == 0, "clocks that differ make nothing younger than new"


def _note(group: str, offset: int, at: int = 0) -> Record:
    entry = JournalEntry(
        group=group, partition=0, offset=offset, written_ms=1, action="discarded", by="me", at=datetime.now(UTC)
    )
    return Record("dlq.journal", 0, at, b"", entry.model_dump_json().encode(), (), 1)


def test_a_dead_letter_is_open_until_the_journal_says_otherwise() -> None:
    notes, bounds = Notes(), {("dlq.quota", 0): (2, 6), ("dlq.upload", 0): (0, 1)}
    assert notes.open(bounds) == {"quota": 4, "upload": 1, "janitor": 0, "classifier": 0}
    notes.take([_note("quota", 3, 0), _note("quota", 3, 1), _note("quota", 1, 2), record("dlq.journal", b"no entry")])
    assert notes.open(bounds)["quota"] == 3, "one note twice is one, and one of a letter that retention took is none"
    assert notes.open({("dlq.quota", 0): (4, 6)})["quota"] == 2
    assert notes.read == 8, "as far as the last record, whatever it was"


def test_a_partition_that_a_broker_lacks_is_under_replicated() -> None:
    whole, one_lacks, one_broker = ([1, 2, 3], [3, 1, 2]), ([1, 2, 3], [1, 2]), ([1], [1])
    described = [{"replicas": replicas, "isr": isr} for replicas, isr in (whole, one_lacks, one_broker)]
    assert under_replicated(described) == 1
    assert under_replicated([]) == 0
