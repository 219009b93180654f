"""A walk of the bucket: what it says, and that it says and does nothing where something came or went meanwhile."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from docuvault_contracts.cloudevents import decode
from docuvault_contracts.events import ObjectMissing, ObjectObserved

from services.chassis.errors import Transient
from services.janitor import reconcile
from services.janitor.decide import Ledger, State
from services.janitor.reconcile import Reconciler
from services.janitor.reconcile_progress import Manner, Nowhere, Progress
from services.janitor.reconcile_progress import Place as AnyPlace
from tests.unit.janitor_bucket import (
    MANNER,
    NOW,
    OLD,
    SECOND,
    Heard,
    LostError,
    MemoryBucket,
    MemoryRows,
    Place,
    Said,
    heard,
    key,
)


@dataclass
class World:
    """A bucket, a table, and what is said."""

    bucket: MemoryBucket = field(default_factory=MemoryBucket)
    rows: MemoryRows = field(default_factory=MemoryRows)
    said: Said = field(default_factory=Said)
    listener: Heard = field(default_factory=Heard)

    async def walk(self, place: AnyPlace | None = None, manner: Manner = MANNER) -> Progress:
        reconciler = Reconciler(self.bucket, self.rows, self.said, manner, self.listener)
        return await reconciler.walk(place or Place())


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def _saves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SAVE_SECONDS", -1)


async def test_what_is_paid_for_and_there_is_not_spoken_of(world: World) -> None:
    for number in range(1, 11):
        world.bucket.put(key(number))
        world.rows.add(heard(key(number)))
    progress = await world.walk()
    assert (world.said.messages, world.listener.differences) == ([], [])
    assert (progress.result()["objects"], world.listener.objects) == (10, 10)


async def test_every_difference_is_said_as_what_the_store_holds(world: World) -> None:
    world.bucket.put(key(1))
    world.bucket.put(key(2), etag="other", size=7)
    world.rows.add(heard(key(2)), heard(key(3)), heard(key(4), Ledger.RELEASED, State.REMOVED))
    world.bucket.put(key(4))
    world.rows.add(heard(key(5), Ledger.REJECTED, State.REMOVE), heard(key(6), None))
    world.bucket.put(key(6))
    progress = await world.walk()
    assert world.said.told() == [
        ("object.observed", key(1)),
        ("object.observed", key(2)),
        ("object.observed", key(4)),
        ("object.missing", key(5)),
        ("object.observed", key(6)),
        ("object.missing", key(3)),  # at the end of the walk, once it is sure that not all are gone
    ]
    counted = {name: count for name, count in progress.result().items() if count}
    assert counted == {
        "objects": 4, "undecided": 2, "different": 1, "missing": 1, "unwanted": 1, "stuck": 1, "said": 6,
    }  # fmt: skip


async def test_of_a_bucket_that_is_not_the_one_it_was_no_absence_is_said(world: World) -> None:
    world.rows.add(*(heard(key(number)) for number in range(1, 6)))
    world.bucket.put(key(9))
    progress = await world.walk(manner=replace(MANNER, most_missing=4))
    assert world.said.told() == [("object.observed", key(9))]
    assert (progress.counts["missing"], progress.counts["withheld"]) == (5, 5)
    progress = await world.walk(manner=replace(MANNER, most_missing=5))
    assert [kind for kind, _ in world.said.told()[1:]] == ["object.observed"] + ["object.missing"] * 5
    assert progress.counts["withheld"] == 0


async def test_of_an_empty_bucket_no_more_absences_are_kept_than_could_be_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "MOST_ROWS", 2)
    world.rows.add(*(heard(key(number)) for number in range(1, 21)))
    progress = await world.walk(manner=replace(MANNER, most_missing=3))
    assert (len(progress.absences), progress.counts["withheld"], world.said.messages) == (3, 20, [])


async def test_absences_that_a_walk_found_before_it_was_cut_off_still_count(world: World) -> None:
    world.rows.add(heard(key(7)))
    place = Place(Progress("", Counter(missing=4)).cursor())
    progress = await world.walk(place, replace(MANNER, most_missing=4))
    assert (world.said.told(), progress.counts["withheld"]) == ([], 5)


async def test_what_is_said_are_the_objects_own_etag_size_and_time_and_the_stores_time_of_a_look(world: World) -> None:
    world.bucket.put(key(1), etag="other", size=7)
    world.rows.add(heard(key(2)))
    await world.walk()
    there, gone = [decode(each.headers, each.value).event for each in world.said.messages]
    assert isinstance(there, ObjectObserved)
    assert isinstance(gone, ObjectMissing)
    assert (there.etag, there.size_bytes, there.observed_ns, there.object_key) == ("other", 7, OLD, key(1))
    assert (gone.observed_ns, gone.object_key) == (NOW, key(2))


async def test_a_walk_that_is_made_again_says_the_same_under_the_same_ids(world: World) -> None:
    world.bucket.put(key(1))
    world.rows.add(heard(key(2)))
    await world.walk()
    await world.walk()
    first, second, *again = world.said.ids()
    assert again == [first, second]


async def test_of_what_is_as_it_should_be_each_walk_asks_about_a_share_and_in_turn_about_all(world: World) -> None:
    for number in range(1, 41):
        world.bucket.put(key(number))
        world.rows.add(heard(key(number)))
    world.bucket.put(key(41))
    asked: list[str] = []
    for day in range(4):
        world.said.messages.clear()
        world.bucket.now = NOW + day * 10 * SECOND
        progress = await world.walk(manner=replace(MANNER, asks_every=4, turn_seconds=10))
        told = [name for _, name in world.said.told() if name != key(41)]
        assert 1 <= len(told) == progress.counts["asked"] < 40
        asked += told
    assert sorted(asked) == [key(number) for number in range(1, 41)]
    assert [kind for kind, _ in world.listener.kinds()] == ["undecided"] * 4


async def test_a_dry_run_and_a_young_object_ask_nothing(world: World) -> None:
    world.bucket.put(key(1), at=NOW)
    world.rows.add(heard(key(1)))
    await world.walk(manner=replace(MANNER, asks_every=1))
    world.bucket.put(key(1))
    await world.walk(manner=replace(MANNER, asks_every=1, dry_run=True))
    assert world.said.messages == []


async def test_a_young_object_is_left_to_its_notification(world: World) -> None:
    world.bucket.put(key(1), at=NOW)
    world.bucket.put(key(2), etag="other", at=NOW)
    world.rows.add(heard(key(2)))
    await world.walk()
    assert world.said.messages == []


async def test_an_object_put_between_its_page_and_the_second_look_is_not_missing(world: World) -> None:
    world.rows.add(heard(key(1)))
    world.bucket.before_stat = world.bucket.put
    await world.walk()
    assert (world.said.messages, world.listener.differences) == ([], [])


async def test_an_object_put_again_before_the_end_of_the_walk_is_not_missing(world: World) -> None:
    world.rows.add(heard(key(1)), heard(key(2)))
    looks: list[str] = []

    def put_after_the_second_look(name: str) -> None:
        looks.append(name)
        if looks.count(key(1)) == 2:
            world.bucket.put(key(1))

    world.bucket.before_stat = put_after_the_second_look
    await world.walk()
    assert world.said.told() == [("object.missing", key(2))]


async def test_an_object_that_went_between_its_page_and_the_second_look_is_not_spoken_of(world: World) -> None:
    world.bucket.put(key(1))
    world.rows.add(heard(key(1), Ledger.RELEASED, State.REMOVED))
    world.bucket.put(key(2), etag="other")
    world.rows.add(heard(key(2)))
    world.bucket.before_stat = world.bucket.remove
    await world.walk()
    assert world.said.messages == []


async def test_an_object_replaced_between_its_page_and_the_second_look_is_left_to_its_notification(
    world: World,
) -> None:
    world.bucket.put(key(1), etag="other")
    world.rows.add(heard(key(1)))
    world.bucket.before_stat = lambda name: world.bucket.put(name, etag="newest", at=NOW)
    await world.walk()
    assert world.said.messages == []


async def test_a_foreign_key_is_told_and_left_alone(world: World) -> None:
    world.bucket.put("backup/of/everything")
    world.bucket.put("\x01")
    progress = await world.walk()
    assert world.listener.kinds() == [("foreign", "\x01"), ("foreign", "backup/of/everything")]
    assert (world.said.messages, world.bucket.deleted, progress.result()["foreign"]) == ([], [], 2)


async def test_foreign_keys_are_removed_only_when_asked_for_and_nothing_else_is(world: World) -> None:
    world.bucket.put("backup/of/everything")
    world.bucket.put(key(1))
    progress = await world.walk(manner=replace(MANNER, remove_foreign=True))
    assert world.bucket.deleted == ["backup/of/everything"]
    assert (progress.result()["removed"], world.said.told()) == (1, [("object.observed", key(1))])


async def test_a_dry_run_shows_all_and_acts_on_nothing(world: World) -> None:
    world.bucket.put("backup/of/everything")
    world.bucket.put(key(1))
    world.rows.add(heard(key(2)))
    manner = replace(MANNER, dry_run=True, remove_foreign=True)
    progress = await world.walk(Nowhere(), manner)
    assert [kind for kind, _ in world.listener.kinds()] == ["undecided", "missing", "foreign"]
    assert (world.said.messages, world.bucket.deleted) == ([], [])
    assert (progress.result()["said"], progress.result()["removed"]) == (0, 0)


async def test_more_rows_than_are_read_at_once_are_all_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "MOST_ROWS", 2)
    for number in range(1, 30):
        world.rows.add(heard(key(number)))
        if number % 7 == 0:
            world.bucket.put(key(number))
    await world.walk()
    gone = [key(number) for number in range(1, 30) if number % 7]
    assert [name for _, name in world.said.told()] == gone


async def test_a_page_of_which_everything_differs_is_said_in_slices(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "SLICE", 2)
    world.bucket.page = 10
    for number in range(1, 6):
        world.bucket.put(key(number))
    progress = await world.walk()
    assert [name for _, name in world.said.told()] == [key(number) for number in range(1, 6)]
    assert (progress.counts["said"], progress.counts["undecided"]) == (5, 5)


@pytest.mark.parametrize("what", ["store", "database", "kafka"])
async def test_trouble_in_mid_walk_keeps_the_place_and_the_rest_is_walked_once_it_is_over(
    world: World, what: str
) -> None:
    for number in range(1, 11):
        world.bucket.put(key(number))
    place = Place()

    asked_for = {"store": key(6), "database": key(6), "kafka": key(9)}[what]

    def trouble(after: str, *, away: bool = True) -> None:
        if after >= asked_for:
            world.bucket.away_after = key(6) if what == "store" and away else None
            world.rows.away = what == "database" and away
            world.said.away = what == "kafka" and away

    world.bucket.before_page = trouble
    with pytest.raises(Transient):
        await world.walk(place)
    assert [name for _, name in world.said.told()] == [key(number) for number in range(1, 7)]
    world.bucket.before_page = lambda _: None
    trouble(key(9), away=False)
    world.bucket.asked.clear()
    progress = await world.walk(place)
    assert world.bucket.asked[0] == key(6)
    assert [name for _, name in world.said.told()] == [key(number) for number in range(1, 11)]
    assert (progress.result()["objects"], progress.result()["undecided"]) == (10, 10)


async def test_a_lease_that_is_lost_between_the_look_and_the_word_says_nothing(world: World) -> None:
    world.bucket.put(key(1))
    place = Place()
    place.checks_left = 1
    with pytest.raises(LostError):
        await world.walk(place)
    assert world.said.messages == []


@pytest.mark.parametrize("cursor", [{}, {"after": 3, "counts": {}}, {"counts": {}}, {"after": "x", "counts": []}])
async def test_a_cursor_that_nobody_understands_is_a_walk_from_the_start(
    world: World, cursor: dict[str, object]
) -> None:
    world.bucket.put(key(1))
    assert (await world.walk(Place(cursor))).result()["objects"] == 1
