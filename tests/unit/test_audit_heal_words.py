"""The records by which an audit says what holds: after a last look, with the store's own time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from docuvault_contracts.cloudevents import Envelope, Message, decode
from docuvault_contracts.events import Classified, DocumentDeleted, ObjectMissing, ObjectObserved
from docuvault_contracts.keys import parse_key

from deploy.ops.audit_heal_rules import Saying, Word
from deploy.ops.audit_heal_words import Speaker
from deploy.ops.audit_model import Check, Difference, Document, Holding
from deploy.ops.operator_events import filed
from services.chassis.storage import ObjectStat, Page
from tests.unit.test_audit_rules import key

LOOKED_NS, SEEN_NS = 5_000_000_000, 4_123_999_999
CHANGED = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass
class Store:
    """What is there, and the order in which it was asked."""

    objects: dict[str, ObjectStat] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def list_page(self, after: str = "", most: int = 1000) -> Page:
        self.asked.append(f"page {after}{most}")
        return Page((), LOOKED_NS, more=False)

    async def stat_object(self, object_key: str) -> ObjectStat | None:
        self.asked.append(object_key)
        return self.objects.get(object_key)


@dataclass
class Topic:
    """What was published."""

    messages: list[Message] = field(default_factory=list)

    async def publish(self, messages: Sequence[Message], /) -> None:
        self.messages += messages

    def said(self) -> list[Envelope]:
        return [decode(message.headers, message.value) for message in self.messages]


def saying(word: Word, number: int) -> Saying:
    document = Document(key(number), "d", "deleted", 0, None, changed_at=CHANGED)
    holding = Holding(key(number), document=document)
    return Saying(word, Difference(Check.PAID, "differs", key=key(number)), holding)


async def speak(store: Store, *wanted: Saying) -> tuple[list[Saying], list[Envelope]]:
    topic = Topic()
    said = await Speaker(cast("Any", store), topic, last_words).say(wanted)
    return said, topic.said()


async def last_words(keys: Sequence[str], now: datetime) -> dict[str, Message]:
    """The classifier has said something of the key 3 alone."""
    word = Classified(**about(3), version=2, topics=(), classified_at=CHANGED, outcome="nothing_fits")
    return {key(3): filed(word, now)} if key(3) in keys else {}


def about(number: int) -> dict[str, Any]:
    parsed = parse_key(key(number))
    assert parsed is not None
    return {"document_id": parsed.document_id, "user_id": parsed.user_id, "object_key": key(number)}


async def test_an_object_is_said_to_be_there_as_the_last_look_found_it() -> None:
    store = Store({key(3): ObjectStat(7, "e", SEEN_NS)})
    _, (found,) = await speak(store, saying(Word.PRESENT, 3))
    assert found.event == ObjectObserved(**about(3), etag="e", size_bytes=7, observed_ns=SEEN_NS)
    assert found.source == "docuvault/operator"


async def test_an_absence_is_of_a_time_before_the_look_by_the_stores_clock() -> None:
    store = Store()
    _, (found,) = await speak(store, saying(Word.ABSENT, 3))
    assert found.event == ObjectMissing(**about(3), observed_ns=LOOKED_NS)
    assert store.asked == ["page 1", key(3)]


async def test_a_deletion_is_said_again_as_a_reminder_of_when_it_was() -> None:
    _, (found,) = await speak(Store(), saying(Word.DELETED, 3))
    assert isinstance(found.event, DocumentDeleted)
    assert found.event.deleted_at == CHANGED
    assert found.event.reminded_at == found.time


async def test_what_no_longer_holds_is_not_said() -> None:
    store = Store({key(4): ObjectStat(7, "e", SEEN_NS)})
    wanted = [saying(Word.PRESENT, 3), saying(Word.ABSENT, 4), saying(Word.PRESENT, 4)]
    said, told = await speak(store, *wanted)
    assert said == wanted[2:]
    assert [each.event.type for each in told] == ["object.observed"]


async def test_the_same_look_at_the_same_object_has_the_same_id() -> None:
    store = Store({key(3): ObjectStat(7, "e", SEEN_NS)})
    _, (first,) = await speak(store, saying(Word.PRESENT, 3))
    _, (second,) = await speak(store, saying(Word.PRESENT, 3))
    store.objects[key(3)] = ObjectStat(7, "f", SEEN_NS)
    _, (third,) = await speak(store, saying(Word.PRESENT, 3))
    assert first.id == second.id != third.id


async def test_what_the_classifier_said_last_is_said_once_more_as_it_is_known_now() -> None:
    store = Store()
    said, (found,) = await speak(store, saying(Word.FILED, 3), saying(Word.FILED, 4))
    assert [each.holding.key for each in said] == [key(3)]
    assert isinstance(found.event, Classified)
    assert (found.event.classified_at, found.source) == (CHANGED, "docuvault/operator")
    assert store.asked == []
