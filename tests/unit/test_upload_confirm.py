from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from docuvault_contracts.cloudevents import decode
from docuvault_contracts.events import UploadObserved
from msgspec import structs

from services.chassis.errors import Transient
from services.chassis.storage import ObjectStat
from services.upload.decide import Confirmed, NotUploaded, Refused, Undecided, Unknown, apply
from services.upload.document import Document, Reason, Status
from tests.unit.upload_facts import DOCUMENT, classified, pending, rejected, released, reserved, uploaded
from tests.unit.upload_world import COMMAND, OK, STAT, TRACE, World


async def test_an_undecided_upload_is_observed_and_the_ledgers_word_is_the_answer() -> None:
    world = World()
    world.react(reserved())
    assert await world.confirm()(COMMAND) == OK
    [message] = world.published
    envelope = decode(message.headers, message.value)
    assert envelope.traceparent == TRACE
    assert isinstance(envelope.event, UploadObserved)
    assert (envelope.event.etag, envelope.event.size_bytes, envelope.event.observed_ns) == ("e1", 10, 5)


async def test_a_refusal_carries_the_ledgers_numbers() -> None:
    world = World()
    world.react(rejected(size=200))
    assert await world.confirm()(COMMAND) == Refused(90, 100, 200)


@pytest.mark.parametrize("document", [uploaded(), apply(uploaded(), classified())])
async def test_what_was_decided_is_answered_without_a_word_to_the_ledger(document: Document) -> None:
    world = World(document)
    assert await world.confirm()(COMMAND) == OK
    assert world.published == []


async def test_without_an_object_nothing_is_said() -> None:
    for document in (pending(), uploaded()):
        world = World(document, stat=None)
        assert await world.confirm()(COMMAND) == NotUploaded()
        assert world.published == []


@pytest.mark.parametrize("wake", [True, False])
async def test_an_object_that_was_refused_and_removed_since_the_row_was_read_is_refused(wake: bool) -> None:  # noqa: FBT001
    world = World(stat=None)

    async def refused_and_removed() -> None:
        world.hear(rejected(size=200), wake=wake)

    world.when_looked_at = refused_and_removed
    assert await world.confirm(60, 60)(COMMAND) == Refused(90, 100, 200)


async def test_a_refusal_that_this_service_has_yet_to_hear_is_waited_for_and_is_the_answer() -> None:
    world, looks = World(stat=None), 0
    world.caught_up = False

    async def behind_the_janitor() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            world.hear(rejected(size=200), wake=False)
            world.caught_up = True

    world.when_listening = behind_the_janitor
    async with asyncio.timeout(2):
        assert await world.confirm(60, 60)(COMMAND) == Refused(90, 100, 200)


async def test_an_absence_that_nobody_can_explain_in_time_is_undecided() -> None:
    world = World(stat=None)
    world.caught_up = False
    assert await world.confirm(0.1)(COMMAND) == Undecided(DOCUMENT)
    world.kafka_is_away = True
    assert await world.confirm()(COMMAND) == Undecided(DOCUMENT)


async def test_an_object_that_its_owner_deleted_since_the_row_was_read_is_unknown() -> None:
    world = World(uploaded(), stat=None)

    async def deleted() -> None:
        world.hear(released(2))

    world.when_looked_at = deleted
    assert await world.confirm(60, 60)(COMMAND) == Unknown()


async def test_another_users_document_is_unknown_and_the_store_is_not_asked() -> None:
    world = World()
    world.stats = []
    assert await world.confirm()(replace(COMMAND, user_id=UUID(int=9))) == Unknown()


async def test_a_rejected_upload_is_refused_again_without_a_look_at_the_store() -> None:
    world = World(apply(pending(), rejected()))
    world.stats = []
    assert await world.confirm()(COMMAND) == Refused(90, 100, 200)


async def test_a_decision_that_comes_between_the_look_and_the_publish_is_not_missed() -> None:
    world = World()

    async def decided() -> None:
        world.hear(reserved())

    world.when_looked_at = decided
    async with asyncio.timeout(2):
        assert await world.confirm(60, 60)(COMMAND) == OK


async def test_a_lost_wake_up_delays_the_answer_by_one_poll() -> None:
    world = World()
    world.react(reserved(), wake=False)
    async with asyncio.timeout(2):
        assert await world.confirm(60, 0.01)(COMMAND) == OK


async def test_a_silent_ledger_is_undecided_when_the_wait_ends() -> None:
    world = World()
    assert await world.confirm(0.05, 0.01)(COMMAND) == Undecided(DOCUMENT)
    assert len(world.waiters) == 0


@pytest.mark.parametrize("error", [Transient("kafka"), TimeoutError()])
async def test_with_the_broker_away_it_is_undecided_at_once(error: Exception) -> None:
    world = World()

    async def away() -> None:
        raise error

    world.when_told = away
    async with asyncio.timeout(2):
        assert await world.confirm(60)(COMMAND) == Undecided(DOCUMENT)


async def test_a_hung_broker_is_undecided_when_the_wait_ends() -> None:
    world = World()
    world.when_told = lambda: asyncio.sleep(60)
    async with asyncio.timeout(2):
        assert await world.confirm(0.05)(COMMAND) == Undecided(DOCUMENT)


async def test_with_the_store_away_it_may_pass_and_nothing_is_left() -> None:
    world = World()

    async def away() -> None:
        raise Transient("minio")

    world.when_looked_at = away
    with pytest.raises(Transient):
        await world.confirm()(COMMAND)
    assert len(world.waiters) == 0


async def test_a_url_used_again_in_between_is_looked_at_again() -> None:
    world = World()
    newer = ObjectStat(20, "e2", 9)
    world.stats = [STAT, newer]
    world.react(reserved(1, "e2", 20, 20))
    assert await world.confirm()(COMMAND) == Confirmed(DOCUMENT, 20, 20)
    assert len(world.published) == 1


async def test_a_classification_alone_does_not_end_the_wait() -> None:
    world = World(uploaded(etag="old"))
    world.react(classified())
    assert await world.confirm(0.05, 0.01)(COMMAND) == Undecided(DOCUMENT)


async def test_a_delete_in_the_middle_of_a_confirm_ends_it() -> None:
    world = World()

    async def owner_deletes() -> None:
        world.document = structs.replace(world.document, status=Status.DELETED, reason=Reason.DOCUMENT_DELETED)
        world.waiters.wake([DOCUMENT])

    world.when_told = owner_deletes
    async with asyncio.timeout(2):
        assert await world.confirm(60, 60)(COMMAND) == Unknown()


async def test_a_client_that_hung_up_is_waited_for_no_longer() -> None:
    world, gone = World(), False

    async def hang_up() -> None:
        nonlocal gone
        gone = True

    world.when_told = hang_up
    async with asyncio.timeout(2):
        await world.confirm(60, 0.01)(replace(COMMAND, given_up=lambda: gone))
    assert len(world.waiters) == 0


async def test_many_confirms_of_one_document_all_get_the_one_answer() -> None:
    world = World()

    async def when_all_wait() -> None:
        if len(world.published) == 64:
            world.hear(reserved())

    world.when_told = when_all_wait
    async with asyncio.timeout(5):
        answers = await asyncio.gather(*(world.confirm(60, 60)(COMMAND) for _ in range(64)))
    assert answers == [OK] * 64
    assert len({dict(message.headers)["ce_id"] for message in world.published}) == 1
    assert len(world.waiters) == 0


async def test_a_cancelled_confirm_leaves_no_watch() -> None:
    world, told = World(), asyncio.Event()

    async def tell() -> None:
        told.set()

    world.when_told = tell
    task: asyncio.Task[Any] = asyncio.create_task(world.confirm(60)(COMMAND))
    await told.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(world.waiters) == 0
