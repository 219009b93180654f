"""What comes in parts: the janitor hears of it, ends its uploads with its object, and looks again when it is dead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import pytest

from services.chassis.errors import Transient
from services.chassis.lease import Lease
from services.janitor.decide import Known, State, learn, learn_all
from services.janitor.uploads import SLICE, EndUploads
from tests.unit.janitor_facts import DELETED, DUE, NOW, PATIENCE, UNKNOWN, rejected, released, requested, reserved

IN_PARTS = requested(minutes=24 * 60).model_copy(update={"multipart": True})
GONE = DELETED.model_copy(update={"multipart": True})
END = PATIENCE.until(IN_PARTS.requested_at, IN_PARTS.expires_at)


def test_what_comes_in_parts_is_waited_for_as_long_as_it_may_come() -> None:
    known = learn(UNKNOWN, IN_PARTS, PATIENCE)
    assert (known.multipart, known.look_at, known.end_at) == (True, END, END)
    assert END > DUE


def test_what_comes_in_one_piece_has_no_uploads_to_end() -> None:
    known = learn_all(UNKNOWN, [requested(), reserved(1), DELETED], PATIENCE)
    assert (known.multipart, known.end_at) == (False, None)


@pytest.mark.parametrize(
    "facts", [[reserved(1)], [rejected(1)], [reserved(1), released(2)], [GONE], [DELETED], [GONE, reserved(1)]]
)
def test_its_uploads_are_ended_at_last_whatever_became_of_it_and_in_whatever_order_it_was_heard(
    facts: list[object],
) -> None:
    for heard in ([IN_PARTS, *facts], [*facts, IN_PARTS], [IN_PARTS, *facts, IN_PARTS]):
        known = learn_all(UNKNOWN, heard, PATIENCE)  # type: ignore[arg-type]
        assert (known.multipart, known.end_at) == (True, END)


def test_a_deletion_alone_tells_that_there_are_parts() -> None:
    known = learn(UNKNOWN, GONE, PATIENCE)
    assert (known.multipart, known.state, known.end_at) == (True, State.REMOVE, None)
    assert learn(known, GONE, PATIENCE) is known
    assert learn_all(UNKNOWN, [DELETED, GONE], PATIENCE).multipart


def test_what_was_ended_is_not_ended_again_by_what_is_heard_later() -> None:
    ended = Known(UNKNOWN.object_key, UNKNOWN.document_id, UNKNOWN.user_id, requested_at=NOW, multipart=True)
    assert learn_all(ended, [IN_PARTS, reserved(1), requested(reminded=DUE - NOW)], PATIENCE).end_at is None


class World:
    """Keys that are due, and a store with two uploads of each, which may be away."""

    def __init__(self, keys: int) -> None:
        self.left = [str(number) for number in range(keys)]
        self.uploads = dict.fromkeys(self.left, 2)
        self.away_at: str | None = None
        self.checks = 0

    async def now(self) -> datetime:
        return NOW

    async def due(self, until: datetime, most: int) -> list[str]:
        assert until == NOW
        return self.left[:most]

    async def mark(self, keys: Sequence[str]) -> None:
        assert not any(self.uploads[key] for key in keys)
        self.left = [key for key in self.left if key not in keys]

    async def end_uploads(self, object_key: str) -> int:
        if object_key == self.away_at:
            raise Transient("the store is away")
        ended, self.uploads[object_key] = self.uploads[object_key], 0
        return ended

    async def check(self) -> None:
        self.checks += 1

    async def run(self) -> int:
        return await EndUploads(self, self, 4)(cast("Lease", self))


async def test_all_that_is_due_is_ended_a_slice_after_the_other_with_the_lease_in_hand() -> None:
    world = World(2 * SLICE + 1)
    assert await world.run() == 2 * (2 * SLICE + 1)
    assert (world.left, world.checks) == ([], 3)


async def test_what_was_cut_off_is_ended_again() -> None:
    world = World(3)
    world.away_at = "1"
    with pytest.raises(Transient):
        await world.run()
    assert world.left == ["0", "1", "2"]
    world.away_at = None
    await world.run()
    assert (world.left, set(world.uploads.values())) == ([], {0})
