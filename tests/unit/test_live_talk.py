"""What one client is told, in which order and with which id, with the database there and away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from docuvault_contracts.http import Document as Body
from msgspec import structs

from services.chassis.errors import Transient
from services.upload.answers import view
from services.upload.document import Reason, Ruling, Status
from services.upload.live import talk
from services.upload.live.events import Quota
from services.upload.live.hub import Hub
from services.upload.live.talk import Terms
from tests.unit.live_facts import SOON, Client, Eyes, filled, hear, ids, make_hub, place
from tests.unit.upload_facts import DOCUMENT, NOW, USER, pending, tombstone, uploaded

CALM = Terms(60, 0.2)
BUSY = Terms(SOON, 0.2)
QUOTA = Quota(10, 100, 5)


@asynccontextmanager
async def client(hub: Hub, eyes: Eyes, resume: str | None = None, terms: Terms = CALM) -> AsyncIterator[Client]:
    """Someone who listens, past the hello."""
    with hub.stream(USER, resume) as stream:
        made = Client(hub, eyes, stream, terms)
        await made.until(lambda each: each.said)
        try:
            yield made
        finally:
            await made.leave()


async def test_it_begins_with_hello_and_the_place_from_which_all_is_told() -> None:
    hub = filled(make_hub())
    async with client(hub, Eyes(quota=QUOTA), terms=Terms(60, 0.2, time.time() + 60)) as one:
        await one.until(lambda each: "quota" in each.events)
        hello, quota = one.said
    assert (hello.event, hello.id) == ("hello", place(hub))
    assert hello.data["heartbeat_seconds"] == 60
    assert hello.data["token_expires_at"].endswith("Z")
    assert quota.data == {"used_bytes": 10, "limit_bytes": 100, "in_flight_bytes": 5}


async def test_a_document_is_told_as_its_own_request_would() -> None:
    hub, document = filled(make_hub()), uploaded()
    async with client(hub, Eyes({DOCUMENT: document})) as one:
        hear(hub, USER, DOCUMENT)
        await one.until(lambda each: "document" in each.events)
        said = one.said[-1]
    assert said.data == orjson.loads(view(document).model_dump_json())
    assert Body.model_validate(said.data).id == DOCUMENT
    assert said.id == place(hub)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (tombstone(Status.DELETED, Reason.DOCUMENT_DELETED), "deleted"),
        (tombstone(Status.DELETED, Reason.OBJECT_REMOVED), "deleted"),
        (tombstone(Status.DELETED, Reason.ABANDONED), "abandoned"),
    ],
)
async def test_what_is_gone_is_told_with_why(document: object, reason: str) -> None:
    hub = filled(make_hub())
    async with client(hub, Eyes({DOCUMENT: document})) as one:  # type: ignore[dict-item]
        hear(hub, USER, DOCUMENT)
        await one.until(lambda each: "removed" in each.events)
        said = one.said[-1]
    assert said.data == {"id": str(DOCUMENT), "reason": reason, "filename": "a.txt", "detail": None}


async def test_what_was_refused_is_told_with_the_numbers_that_confirm_tells() -> None:
    hub = filled(make_hub())
    refused = structs.replace(
        tombstone(Status.REJECTED, Reason.OVER_QUOTA, ruling=Ruling.REJECTED),
        used_bytes=90,
        limit_bytes=100,
        rejected_bytes=200,
    )
    async with client(hub, Eyes({DOCUMENT: refused})) as one:
        hear(hub, USER, DOCUMENT)
        await one.until(lambda each: "removed" in each.events)
        said = one.said[-1]
    assert said.data["reason"] == "rejected"
    assert said.data["detail"] == {
        "used_bytes": 90, "limit_bytes": 100, "rejected_bytes": 200, "over_by_bytes": 190,
    }  # fmt: skip


async def test_a_document_that_is_not_the_users_is_not_told() -> None:
    hub = filled(make_hub())
    async with client(hub, Eyes({DOCUMENT: uploaded()}), terms=BUSY) as one:
        hear(hub, USER, UUID(int=99))
        await one.until(lambda each: each.newest_id == place(hub))
    assert one.events == ["hello"]


async def test_of_many_documents_the_last_one_has_the_id_and_none_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is cut off in the middle goes on from the id of before it, and is told all of them again."""
    monkeypatch.setattr(talk, "AT_ONCE", 10)
    hub, documents = filled(make_hub()), ids(25)
    eyes = Eyes({each: pending(id=each) for each in documents})
    async with client(hub, eyes) as one:
        hear(hub, USER, *documents)
        await one.until(lambda each: len(each.events) > 25)
        told = [each for each in one.said if each.event == "document"]
    assert {each.data["id"] for each in told} == set(map(str, documents))
    assert [each.id for each in told if each.id] == [place(hub)]
    assert told[-1].id == place(hub)
    assert max(len(look.document_ids) for look in eyes.looks) == 10


async def test_a_document_that_changes_often_is_told_as_it_is_when_it_is_told() -> None:
    hub, eyes = filled(make_hub()), Eyes({DOCUMENT: pending()})
    async with client(hub, eyes) as one:
        for version in range(1, 50):
            eyes.documents[DOCUMENT] = uploaded(version)
            hear(hub, USER, DOCUMENT)
        await one.until(lambda each: "document" in each.events)
        assert len(eyes.looks) <= 3
        assert one.said[-1].data["size_bytes"] == 10


async def test_what_changes_while_it_is_read_is_told_again_and_only_then_has_the_id() -> None:
    hub, reading, go_on = filled(make_hub()), asyncio.Event(), asyncio.Event()
    eyes = Eyes({DOCUMENT: pending()})

    async def before() -> None:
        reading.set()
        await go_on.wait()

    async with client(hub, eyes) as one:
        eyes.before = before
        hear(hub, USER, DOCUMENT)
        seen = place(hub)
        await reading.wait()
        hear(hub, USER, DOCUMENT)
        go_on.set()
        await one.until(lambda each: each.events.count("document") == 2)
        told = [each.id for each in one.said if each.event == "document"]
    assert told == [seen, place(hub)]


async def test_who_goes_on_is_told_what_was_missed_and_keeps_the_old_id_until_then() -> None:
    hub = filled(make_hub())
    seen = place(hub)
    hear(hub, USER, DOCUMENT)
    async with client(hub, Eyes({DOCUMENT: uploaded()}), seen) as one:
        await one.until(lambda each: "document" in each.events)
        hello, document = one.said
    assert (hello.id, document.id) == (None, place(hub))


async def test_who_goes_on_from_nowhere_is_told_to_list_anew_from_here() -> None:
    hub = filled(make_hub())
    async with client(hub, Eyes(quota=QUOTA), "nonsense") as one:
        await one.until(lambda each: "quota" in each.events)
        assert one.events == ["hello", "reset", "quota"]
        assert (one.said[0].id, one.said[1].id) == (None, place(hub))


async def test_an_id_of_the_future_is_a_reset_once_nobody_can_be_that_far_ahead() -> None:
    hub = filled(make_hub())
    partition = hub.window.partition_of(USER)
    async with client(hub, Eyes(), f"{partition}.999") as one:
        assert one.events == ["hello"]
        await one.until(lambda each: "reset" in each.events)


async def test_who_came_before_kafka_was_there_is_told_to_list_once_it_is() -> None:
    """There was no place to begin at, so what changed since cannot be told."""
    hub = make_hub()
    async with client(hub, Eyes(), terms=BUSY) as one:
        await one.until(lambda each: len(each.said) > 3)
        assert one.newest_id is None
        filled(hub)
        await one.until(lambda each: each.newest_id)
        assert "reset" in one.events


async def test_a_heartbeat_brings_the_newest_id_where_nothing_is_left_to_tell() -> None:
    hub = filled(make_hub())
    async with client(hub, Eyes(), terms=BUSY) as one:
        before = one.newest_id
        hear(hub, USER, UUID(int=99))  # a document that is not there: nothing to tell
        await one.until(lambda each: each.newest_id != before)
        assert one.newest_id == place(hub)
        assert one.events == ["hello"]


async def test_with_the_database_away_the_heart_goes_on_without_an_id_and_all_is_told_afterwards() -> None:
    hub, eyes = filled(make_hub()), Eyes({DOCUMENT: uploaded()})
    async with client(hub, eyes, terms=BUSY) as one:
        await one.until(lambda each: len(each.said) > 1)

        def away() -> None:
            raise Transient("database: away")

        eyes.away = away
        before = one.newest_id
        hear(hub, USER, DOCUMENT)
        count = len(one.said)
        await one.until(lambda each: len(each.said) > count + 3)
        assert one.newest_id == before
        assert one.events == ["hello"]
        eyes.away = lambda: None
        await one.until(lambda each: "document" in each.events, 15)
        assert one.newest_id == place(hub)


async def test_with_the_database_hung_the_heart_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "LOOK_SECONDS", SOON)
    hub, eyes = filled(make_hub()), Eyes({DOCUMENT: uploaded()})
    async with client(hub, eyes, terms=BUSY) as one:
        eyes.before = asyncio.Event().wait  # type: ignore[assignment]
        hear(hub, USER, DOCUMENT)
        count = len(one.said)
        await one.until(lambda each: len(each.said) > count + 3)
        eyes.before = None
        await one.until(lambda each: "document" in each.events, 15)


async def test_an_account_that_stayed_as_it_was_is_not_told_again() -> None:
    hub, eyes = filled(make_hub()), Eyes({DOCUMENT: uploaded()}, QUOTA)
    async with client(hub, eyes) as one:
        await one.until(lambda each: "quota" in each.events)
        hear(hub, USER, DOCUMENT)
        await one.until(lambda each: "document" in each.events)
        eyes.quota = replace(QUOTA, used_bytes=11)
        hear(hub, USER, None)
        await one.until(lambda each: each.events.count("quota") == 2)
        assert one.events == ["hello", "quota", "document", "quota"]


async def test_when_its_token_expires_a_stream_says_so_and_ends() -> None:
    hub = filled(make_hub())
    with hub.stream(USER, None) as stream:
        one = Client(hub, Eyes(), stream, Terms(60, 0.2, time.time() + 0.3))
        assert await asyncio.wait_for(one.task, 5) == "expired"
        assert one.events == ["hello", "expired"]


async def test_a_token_that_hardly_ends_is_no_reason_to_fail() -> None:
    hub = filled(make_hub())
    async with client(hub, Eyes(), terms=Terms(60, 0.2, 1e18)) as one:
        assert one.said[0].data["token_expires_at"].startswith("9999-12-31")


async def test_a_stop_ends_it_without_a_word() -> None:
    hub = filled(make_hub())
    async with client(hub, Eyes()) as one:
        hub.stop()
        assert await asyncio.wait_for(one.task, 5) == "stopped"
        assert one.events == ["hello"]


async def test_more_than_may_wait_is_a_reset_in_the_stream_itself() -> None:
    hub, reading, go_on = filled(make_hub(queue=3)), asyncio.Event(), asyncio.Event()

    async def before() -> None:
        reading.set()
        await go_on.wait()

    eyes = Eyes({each: pending(id=each) for each in ids(9)}, before=before)
    async with client(hub, eyes) as one:
        await reading.wait()
        hear(hub, USER, *ids(9))
        go_on.set()
        await one.until(lambda each: "reset" in each.events)
        hear(hub, USER, ids(1)[0])
        await one.until(lambda each: "document" in each.events)
        assert one.newest_id == place(hub)


async def test_documents_told_together_are_in_the_order_in_which_they_changed() -> None:
    hub, (first, second) = filled(make_hub()), ids(2)
    later = pending(id=first, updated_at=NOW + timedelta(seconds=1))
    async with client(hub, Eyes({first: later, second: pending(id=second)})) as one:
        hear(hub, USER, first, second)
        await one.until(lambda each: each.events.count("document") == 2)
        assert [each.data["id"] for each in one.said[1:]] == [str(second), str(first)]
