"""The work on one document, and what is done where it meets trouble or a bug."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from services.chassis.errors import Transient
from services.chassis.storage import ObjectChangedError, ObjectHead, ObjectNotFoundError
from services.classifier.desk import Desk, Troubles
from services.classifier.fetch import Fetch, Store
from services.classifier.filing import Filed, Later, Mode, NotFiled, Wishes
from services.classifier.mismatch import differs
from services.classifier.model import Result
from services.classifier.reading import NoText, Source, Text, Unreadable
from tests.unit.classifier_facts import OTHER, USER
from tests.unit.classifier_world import AWAY, World, claim


async def test_a_document_is_fetched_read_filed_and_recorded() -> None:
    world, one = World(source=Source(b"%PDF", 4, "text/plain")), claim()
    world.reading = Text("hello", "application/pdf", "en")
    await world.attempt(one)
    read = Result(Filed(()), "application/pdf", "en", mismatch=True, had_topics=False, terms=("hello", "en"))
    assert world.recorded == [(one, read)]
    assert not world.given_back


async def test_of_a_user_who_wants_nothing_read_nothing_is() -> None:
    world, one = World(wishes=Wishes(Mode.OFF, 0.5, 3)), claim()
    await world.attempt(one)
    assert (world.left, world.reads, world.recorded) == ([one], 0, [])


async def test_what_was_filed_by_hand_is_said_again_also_where_nothing_is_read() -> None:
    world, one = World(wishes=Wishes(Mode.OFF, 0.5, 3)), replace(claim(), corrected=True)
    await world.attempt(one)
    assert (world.recorded, world.reads, world.left) == ([(one, Result(Filed(())))], 0, [])


async def test_what_was_filed_by_hand_is_read_for_its_vector_whichever_mode_files_the_rest() -> None:
    world, one = World(wishes=Wishes(Mode.KEYWORDS, 0.5, 3)), replace(claim(), corrected=True)
    await world.attempt(one)
    assert [(owner.topics, owner.wishes.mode) for owner in world.filed_for] == [((), Mode.EMBEDDING)]


async def test_bytes_that_are_gone_are_dropped_since_the_ledger_will_tell() -> None:
    world, one = World(source=None), claim()
    await world.attempt(one)
    assert (world.left, world.reads, world.recorded) == ([one], 0, [])


async def test_what_cannot_be_read_is_recorded_with_its_reason_and_type() -> None:
    world, one = World(reading=NoText(Unreadable.ENCRYPTED, "application/pdf")), claim()
    await world.attempt(one)
    assert world.recorded == [(one, Result(Unreadable.ENCRYPTED, "application/pdf", mismatch=True))]


async def test_a_model_of_no_use_is_recorded() -> None:
    world, one = World(filing=NotFiled("no JSON")), claim()
    await world.attempt(one)
    assert [result.what for _, result in world.recorded] == [NotFiled("no JSON")]


async def test_a_document_whose_work_never_came_to_an_end_is_not_begun_a_seventh_time() -> None:
    world, one = World(), claim(attempts=7)
    await world.attempt(one)
    assert (world.reads, world.recorded) == (0, [(one, Result(Unreadable.UNREADABLE))])


async def test_a_document_over_which_a_service_died_five_times_is_read_all_the_same() -> None:
    world = World()
    await world.attempt(claim(attempts=6))
    assert world.reads == 1


@pytest.mark.parametrize("part", ["wishes", "fetch", "read", "file", "record"])
async def test_trouble_that_may_pass_is_waited_out_and_not_counted(part: str) -> None:
    world, one = World(troubles={part: [AWAY]}), claim()
    await world.attempt(one)
    ((given, delay, counted),) = world.given_back
    assert (given, counted) == (one, False)
    assert 0 < delay <= 1
    assert world.desk.passed_over() == {USER}
    assert not world.recorded


async def test_who_says_when_to_come_again_is_obeyed() -> None:
    world = World(troubles={"file": [Later("busy", 40.0)]})
    await world.attempt(claim())
    assert world.given_back[0][1] == 40.0


async def test_an_outage_that_nobody_translated_is_no_bug() -> None:
    world = World(troubles={"fetch": [TimeoutError()]})
    await world.attempt(claim(attempts=3))
    assert [counted for *_, counted in world.given_back] == [False]


@pytest.mark.parametrize("attempts", [1, 2])
async def test_a_bug_is_tried_again_and_counted(attempts: int) -> None:
    world = World(troubles={"read": [ZeroDivisionError()]})
    await world.attempt(claim(attempts=attempts))
    assert [counted for *_, counted in world.given_back] == [True]
    assert not world.recorded


async def test_the_third_time_a_bug_makes_it_unreadable() -> None:
    world, one = World(troubles={"read": [ZeroDivisionError()]}), claim(attempts=3)
    await world.attempt(one)
    assert (world.recorded, world.given_back) == ([(one, Result(Unreadable.UNREADABLE))], [])


async def test_a_database_that_is_away_at_that_moment_is_waited_out_too() -> None:
    world = World(troubles={"read": [ZeroDivisionError()], "record": [AWAY]})
    await world.attempt(claim(attempts=3))
    assert [counted for *_, counted in world.given_back] == [False]


async def test_what_cannot_be_given_back_is_given_back_once_it_can() -> None:
    world = World(troubles={"read": [AWAY], "give_back": [Transient("database"), Transient("database")]})
    await world.attempt(claim())
    assert len(world.given_back) == 1


async def test_a_stop_does_not_wait_for_a_database_that_is_away() -> None:
    world, stop = World(troubles={"read": [AWAY], "give_back": [Transient("database")] * 1000}), asyncio.Event()
    stop.set()
    await asyncio.wait_for(world.attempt(claim(), stop), 5)
    assert not world.given_back


def test_the_wait_grows_with_each_trouble_and_begins_anew_after_success() -> None:
    troubles = Troubles[str](1.0, 8.0, draw=lambda _, ceiling: ceiling)
    assert [troubles.again("a") for _ in range(5)] == [1, 2, 4, 8, 8]
    assert troubles.again("b") == 1
    troubles.over("a")
    assert troubles.again("a") == 1


def test_a_user_is_passed_over_while_they_have_their_most_or_rest() -> None:
    time = [0.0]
    desk, first, second = Desk(2, now=lambda: time[0]), claim(), claim()
    desk.take(first)
    assert desk.passed_over() == set()
    desk.take(second)
    desk.rest(OTHER, 5)
    assert desk.passed_over() == {USER, OTHER}
    desk.put_down(first)
    time[0] = 5.0
    assert desk.passed_over() == set()
    assert desk.at_work == [second]


@pytest.mark.parametrize("error", [ObjectNotFoundError("key"), ObjectChangedError("key")])
async def test_bytes_that_are_gone_or_others_are_no_source(error: Exception) -> None:
    async def read_head(*_: object) -> ObjectHead:
        raise error

    assert await Fetch(_store(read_head), 5, 1)(claim()) is None


async def test_a_source_has_what_its_client_said_and_the_suffix_of_its_key() -> None:
    async def read_head(object_key: str, most_bytes: int, etag: str) -> ObjectHead:
        assert (object_key, most_bytes, etag) == (one.object_key, 3, "e")
        return ObjectHead(b"hel", "text/markdown")

    one = claim()
    assert await Fetch(_store(read_head), 3, 1)(one) == Source(b"hel", 5, "text/markdown", ".pdf")


def _store(read_head: object) -> Store:
    class Stub:
        pass

    stub = Stub()
    stub.read_head = read_head  # type: ignore[attr-defined]
    return cast("Store", stub)


@pytest.mark.parametrize(
    ("told", "found", "is_another"),
    [
        ("application/pdf", "application/pdf", False),
        ("Application/PDF; charset=x", "application/pdf", False),
        ("image/png", "application/pdf", True),
        ("application/octet-stream", "application/pdf", False),
        ("", "application/pdf", False),
        ("text/plain", "text/markdown", False),
        ("text/plain", "application/json", False),
        ("text/plain", "application/zip", True),
        ("image/png", None, False),
    ],
)
def test_what_a_client_told_is_held_against_what_the_bytes_are(
    told: str, found: str | None, *, is_another: bool
) -> None:
    assert differs(told, found) is is_another
