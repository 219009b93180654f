"""Who hears of which change, where a stream begins or goes on, and when its client has to list anew."""

from __future__ import annotations

from contextlib import ExitStack
from uuid import UUID

import pytest
from msgspec.structs import replace

from services.chassis.delivery import Fault
from services.upload.live.hub import Full, Hub
from services.upload.live.stream import Stream, Wants
from tests.unit.live_facts import NOW_MS, OTHER, change, filled, hear, ids, make_hub, place
from tests.unit.upload_facts import DOCUMENT, USER

NOTHING = Wants(frozenset(), account=False, all=True)


def told(stream: Stream) -> frozenset[UUID]:
    """The documents it is to be told of."""
    return stream.take(100).documents


def settled(hub: Hub, stream: Stream) -> Stream:
    hub.settle(stream, patient=False)
    return stream


def test_a_change_is_heard_by_all_streams_of_its_user_and_by_no_other() -> None:
    hub = filled(make_hub())
    with hub.stream(USER, None) as one, hub.stream(USER, None) as two, hub.stream(OTHER, None) as other:
        for stream in (one, two, other):
            settled(hub, stream).take(100)
            stream.bell.clear()
        hear(hub, USER, DOCUMENT)
        assert told(one) == told(two) == {DOCUMENT}
        assert other.is_clean
        assert not other.bell.is_set()


def test_a_stream_that_ended_hears_nothing_and_takes_no_room() -> None:
    hub = filled(make_hub())
    with hub.stream(USER, None) as stream:
        assert len(hub) == 1
    hear(hub, USER, DOCUMENT)
    assert len(hub) == 0
    assert told(stream) == frozenset()


def test_there_are_only_so_many_streams_of_a_user_and_of_a_process() -> None:
    hub = filled(make_hub(of_user=2, streams=3))
    with ExitStack() as exits:
        exits.enter_context(hub.stream(USER, None))
        assert hub.full(USER) is None
        exits.enter_context(hub.stream(USER, None))
        assert hub.full(USER) is Full.OF_USER
        assert hub.full(OTHER) is None
        exits.enter_context(hub.stream(OTHER, None))
        assert hub.full(OTHER) is Full.OF_PROCESS
    assert hub.full(USER) is None


def test_who_goes_on_from_an_id_is_told_what_came_after_it() -> None:
    hub = filled(make_hub())
    first, second, third = ids(3)
    hear(hub, USER, first)
    seen = place(hub)
    hear(hub, OTHER, third)
    hear(hub, USER, second, second)
    with hub.stream(USER, seen) as stream:
        assert told(settled(hub, stream)) == {second}
        assert stream.reset is None


@pytest.mark.parametrize("resume", ["nonsense", "99.1", "0.0"])
def test_who_goes_on_from_nowhere_is_to_list_anew(resume: str) -> None:
    hub = filled(make_hub())
    with hub.stream(USER, resume) as stream:
        assert settled(hub, stream).reset


def test_an_id_of_the_future_is_waited_for_and_then_it_is_none() -> None:
    hub = filled(make_hub())
    partition = hub.window.partition_of(USER)
    with hub.stream(USER, f"{partition}.10") as patient, hub.stream(USER, f"{partition}.99") as other:
        for stream in (patient, other):
            hub.settle(stream, patient=True)
            assert stream.undecided
        hear(hub, USER, DOCUMENT)
        assert patient.bell.is_set()
        hub.settle(patient, patient=True)
        assert (patient.undecided, patient.reset) == (False, None)
        hub.settle(other, patient=False)
        assert other.reset


def test_while_the_window_is_not_open_nothing_is_decided_and_then_all_are_rung() -> None:
    hub = make_hub()
    with hub.stream(USER, None) as stream:
        hub.settle(stream, patient=False)
        assert stream.undecided
        assert not stream.has_news
        filled(hub)
        assert stream.bell.is_set()
        assert not settled(hub, stream).undecided


def test_a_gap_in_what_is_read_has_those_list_anew_whom_it_may_concern() -> None:
    hub = filled(make_hub())
    elsewhere = next(user for user in ids(50) if hub.window.partition_of(user) != hub.window.partition_of(USER))
    with hub.stream(USER, None) as stream, hub.stream(elsewhere, None) as other:
        settled(hub, stream), settled(hub, other)
        hub.take([change(hub, USER, DOCUMENT, skip=1)])
        assert stream.reset
        assert told(stream) == {DOCUMENT}
        assert other.reset is None


def test_a_partition_that_begins_elsewhere_is_a_gap() -> None:
    hub = filled(make_hub())
    with hub.stream(USER, None) as stream:
        settled(hub, stream)
        hub.start(hub.window.partition_of(USER), 500)
        assert stream.reset


def test_a_record_that_nobody_can_read_may_have_been_about_anybody() -> None:
    hub = filled(make_hub())
    with hub.stream(USER, None) as stream:
        settled(hub, stream)
        hub.take([replace(change(hub, USER, DOCUMENT), fault=Fault("the checksum is wrong"))])
        assert stream.reset
        assert hub.window.place(hub.window.partition_of(USER)) == 11


HALF = f'{{"user_id":"{USER}","document_id":"{str(DOCUMENT)[:18]}"}}'.encode()


@pytest.mark.parametrize(
    "value", [None, b"", b"{", b'{"user_id": 7}', b"[]", b'{"user_id":"x"}', b'{"user_id":"11"}', HALF]
)
def test_what_nobody_of_ours_wrote_concerns_nobody(value: bytes | None) -> None:
    hub = filled(make_hub())
    with hub.stream(USER, None) as stream:
        settled(hub, stream).take(100)
        hub.take([replace(change(hub, USER, DOCUMENT), value=value)])
        assert stream.is_clean


def test_with_more_partitions_all_list_anew() -> None:
    hub = filled(make_hub())
    with hub.stream(USER, None) as stream:
        settled(hub, stream)
        hub.begin(12)
        assert stream.reset


def test_more_than_may_wait_for_a_client_is_a_list_anew_and_takes_no_room() -> None:
    hub = filled(make_hub(queue=3))
    with hub.stream(USER, None) as stream:
        settled(hub, stream)
        hear(hub, USER, *ids(3))
        assert stream.reset is None
        hear(hub, USER, *ids(4))
        assert stream.reset
        assert len(told(stream)) <= 3


def test_what_could_not_be_read_is_wanted_again() -> None:
    hub = filled(make_hub())
    with hub.stream(USER, None) as stream:
        settled(hub, stream)
        hear(hub, USER, DOCUMENT)
        wants = stream.take(100)
        assert stream.take(100) == NOTHING
        stream.give_back(wants)
        assert stream.take(100) == wants


def test_of_what_is_taken_in_parts_only_the_last_is_all() -> None:
    hub = filled(make_hub())
    with hub.stream(USER, None) as stream:
        settled(hub, stream)
        hear(hub, USER, *ids(5))
        taken = [stream.take(2) for _ in range(3)]
        assert [(len(each.documents), each.all) for each in taken] == [(2, False), (2, False), (1, True)]
        assert frozenset[UUID]().union(*(each.documents for each in taken)) == set(ids(5))


def test_a_stop_ends_all_streams_and_those_that_come_after_it() -> None:
    hub = filled(make_hub())
    cut: list[str] = []
    with hub.stream(USER, None) as stream:
        stream.cut = lambda: cut.append("cut")
        hub.stop()
        assert (stream.ended, cut) == ("stopped", ["cut"])
        with hub.stream(OTHER, None) as late:
            assert late.ended == "stopped"


def test_what_is_too_old_is_forgotten_as_records_come() -> None:
    hub = filled(make_hub(most=2))
    seen = place(hub)
    hear(hub, USER, *ids(3))
    with hub.stream(USER, seen) as stream:
        assert settled(hub, stream).reset
    assert change(hub, USER).timestamp_ms == NOW_MS
