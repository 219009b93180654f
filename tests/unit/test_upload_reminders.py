"""The work of the reminders: slice after slice, what clients do comes first, and nothing is said without the lease."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from docuvault_contracts.cloudevents import decode
from docuvault_contracts.events import DocumentDeleted, UploadRequested

from services.chassis.jobs import LeaseLost
from services.upload import reminders
from services.upload.document import Document, Reason, Status
from services.upload.reminders import Place, Reminder, Reminders, Slice, Unanswered, remind
from tests.unit.upload_facts import NOW, pending, tombstone
from tests.unit.upload_jobs import Held

LATER = NOW + timedelta(hours=2)


def waits(document: Document | None = None, *, dead: bool = True) -> Unanswered:
    return Unanswered(document or pending(), NOW, LATER, dead)


class World:
    """Slices of waiting documents, and an outbox that empties a little with each look."""

    def __init__(self, *slices: Sequence[Unanswered], backlog: Sequence[int] = (0,)) -> None:
        self.slices = [*slices]
        self.backlogs = [*backlog]
        self.told: list[Sequence[Reminder]] = []
        self.places: list[Place] = []
        self._at = 0

    async def next_slice(self, most: int) -> Slice | None:
        assert most == reminders.SLICE
        if self._at == len(self.slices):
            return None
        return Slice(self._place(self._at), self._place(self._at + 1), len(self.slices[self._at]))

    def _place(self, number: int) -> Place:
        return Place(NOW + timedelta(seconds=number), UUID(int=number))

    async def unanswered(self, slice_: Slice) -> Sequence[Unanswered]:
        return self.slices[slice_.begin.id.int]

    async def tell(self, reminders_: Sequence[Reminder], upto: Place) -> int:
        self.told.append(reminders_)
        self.places.append(upto)
        self._at += 1
        return sum(each.message is not None for each in reminders_)

    async def backlog(self, most: int) -> int:
        return min(most, self.backlogs.pop(0) if len(self.backlogs) > 1 else self.backlogs[0])


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "LOOK_SECONDS", 0)


def event_of(reminder: Reminder) -> Any:
    assert reminder.message is not None
    return decode(reminder.message.headers, reminder.message.value).event


def test_a_document_that_waits_for_bytes_is_asked_for_again() -> None:
    event = event_of(remind(waits()))
    assert isinstance(event, UploadRequested)
    assert (event.requested_at, event.reminded_at) == (NOW, LATER)


def test_of_a_document_whose_url_lives_nothing_is_said_for_this_time() -> None:
    assert remind(waits(dead=False)).message is None


@pytest.mark.parametrize("dead", [True, False])
def test_a_deletion_is_told_again_whether_the_url_lives_or_not(dead: bool) -> None:  # noqa: FBT001 - both
    gone = tombstone(Status.DELETED, Reason.DOCUMENT_DELETED)
    assert isinstance(event_of(remind(waits(gone, dead=dead))), DocumentDeleted)


async def test_slices_are_told_until_none_is_left_and_their_ends_are_kept() -> None:
    world = World([waits()], [], [waits(), waits(dead=False)])
    assert await Reminders(world)(Held().lease) == {"told": 2, "left": False}
    assert [len(each) for each in world.told] == [1, 0, 2]
    assert [place.id.int for place in world.places] == [1, 2, 3]


async def test_where_nothing_waits_nothing_is_said() -> None:
    assert await Reminders(World())(Held().lease) == {"told": 0, "left": False}


async def test_what_clients_do_leaves_the_outbox_first() -> None:
    world = World([waits()], backlog=[reminders.BACKLOG + 9, reminders.BACKLOG, reminders.BACKLOG - 1])
    assert await Reminders(world)(Held().lease) == {"told": 1, "left": False}
    assert len(world.backlogs) == 1


async def test_where_the_outbox_does_not_empty_the_rest_is_left_to_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reminders, "BACKLOG_SECONDS", 0)
    world = World([waits()], backlog=[reminders.BACKLOG])
    assert await Reminders(world)(Held().lease) == {"told": 0, "left": True}
    assert world.told == []


async def test_a_replica_that_has_lost_the_lease_says_nothing() -> None:
    world = World([waits()], [waits()])
    with pytest.raises(LeaseLost):
        await Reminders(world)(Held(lost_at=2).lease)
    assert len(world.told) == 1
