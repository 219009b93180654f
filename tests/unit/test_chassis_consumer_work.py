"""A batch between its poll and its commit, with fakes on both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import asyncpg
import msgspec
import pytest
from docuvault_contracts.cloudevents import Message

from services.chassis import consumer_work
from services.chassis.backoff import Backoff
from services.chassis.delivery import Delivery, Fault
from services.chassis.errors import InvalidEvent, Transient
from services.chassis.producer import Unpublishable
from services.chassis.retry import Abandoned
from tests.unit.chassis_fakes import Applier, Said, batch, run, work_on


def failing(times: int, error: Exception) -> Callable[[object], None]:
    left = iter([error] * times)

    def fail(_: object) -> None:
        for each in left:
            raise each

    return fail


def poisoned(*poison: str) -> Callable[[Sequence[str]], None]:
    def refuse(events: Sequence[str]) -> None:
        if found := set(poison) & set(events):
            raise RuntimeError(f"cannot take {min(found)}")

    return refuse


def headers(message: Message) -> dict[str, str]:
    return {name: value.decode() for name, value in message.headers}


async def test_a_batch_is_applied_in_order_and_what_it_says_is_published() -> None:
    handler, producer = Applier(), Said()
    await run(work_on(batch([b"a", b"b c", b"d"]), handler, producer))
    assert handler.applied == producer.values == ["a", "b", "c", "d"]
    assert handler.attempts == 1


async def test_trouble_that_may_pass_is_waited_out_on_the_same_batch() -> None:
    handler, producer = Applier(failing(3, Transient("away"))), Said()
    work = work_on(batch([b"a", b"b"]), handler, producer)
    await run(work)
    assert (handler.attempts, work.retries["handle"]) == (4, 3)
    assert producer.values == ["a", "b"]
    assert producer.dead == []


@pytest.mark.parametrize("error", [ConnectionResetError(), TimeoutError(), asyncpg.AdminShutdownError("bye")])
async def test_an_outage_that_nobody_translated_is_no_reason_to_drop_a_record(error: Exception) -> None:
    handler, producer = Applier(failing(1, error)), Said()
    await run(work_on(batch([b"a"]), handler, producer))
    assert (producer.values, producer.dead) == (["a"], [])


async def test_a_failed_publish_is_repeated_without_handling_again() -> None:
    handler, producer = Applier(), Said(failing(2, Transient("broker away")))
    await run(work_on(batch([b"a", b"b"]), handler, producer))
    assert (handler.attempts, producer.values) == (1, ["a", "b"])


async def test_two_poison_records_among_a_hundred_are_found_and_all_others_applied_in_order() -> None:
    values = [f"v{number}" for number in range(100)]
    handler, producer = Applier(poisoned("v13", "v77")), Said()
    await run(work_on(batch(value.encode() for value in values), handler, producer))
    good = [value for value in values if value not in {"v13", "v77"}]
    assert handler.applied == producer.values == good
    assert [letter.value for letter in producer.dead] == [b"v13", b"v77"]
    assert handler.attempts < 40


async def test_a_dead_letter_of_a_handler_says_the_class_and_message_of_the_bug() -> None:
    producer = Said()
    await run(work_on(batch([b"a", b"x"]), Applier(poisoned("x")), producer))
    found = headers(producer.dead[0])
    assert found["dlq_reason"] == "handler: RuntimeError: cannot take x"
    assert (found["dlq_cause"], found["dlq_offset"]) == ("handler", "1")


async def test_trouble_in_the_middle_of_a_bisection_is_waited_out_too() -> None:
    trouble = failing(1, Transient("away"))

    def before(events: Sequence[str]) -> None:
        poisoned("x")(events)
        trouble(events)

    handler, producer = Applier(before), Said()
    await run(work_on(batch([b"a", b"x", b"b"]), handler, producer))
    assert producer.values == ["a", "b"]
    assert [letter.value for letter in producer.dead] == [b"x"]


async def test_what_nobody_understands_is_dead_lettered_and_the_rest_goes_on() -> None:
    handler, producer = Applier(), Said()
    await run(work_on(batch([b"a", b"garbage", b"bug", b"b"]), handler, producer))
    assert handler.applied == ["a", "b"]
    reasons = [headers(letter)["dlq_reason"] for letter in producer.dead]
    assert reasons == ["it is garbage", "parser: KeyError: 'no such field'"]


async def test_what_nobody_could_read_is_dead_lettered_as_it_is_although_a_parser_might_take_it() -> None:
    found = batch([b"a", b"b", b"c"])
    first, second, third = found.records
    broken = msgspec.structs.replace(second, fault=Fault("the name of a header is not UTF-8"))
    handler, producer = Applier(), Said()
    await run(work_on(replace(found, records=(first, broken, third)), handler, producer))
    assert handler.applied == producer.values == ["a", "c"]
    (letter,) = producer.dead
    assert letter.value == b"b"
    assert (headers(letter)["dlq_cause"], headers(letter)["dlq_reason"]) == (
        "unreadable",
        "the name of a header is not UTF-8",
    )


async def test_a_handler_may_call_a_record_invalid() -> None:
    def refuse(events: Sequence[str]) -> None:
        if "x" in events:
            raise InvalidEvent("x is nobody's")

    producer = Said()
    await run(work_on(batch([b"a", b"x"]), Applier(refuse), producer))
    assert headers(producer.dead[0])["dlq_cause"] == "invalid"


async def test_a_message_that_can_never_be_sent_condemns_the_record_it_came_from_alone() -> None:
    def refuse(messages: Sequence[Message]) -> None:
        if any(message.topic == "said" and message.value == b"huge" for message in messages):
            raise Unpublishable("too large")

    producer = Said(refuse)
    await run(work_on(batch([b"a", b"huge", b"b"]), Applier(), producer))
    assert list(dict.fromkeys(producer.values)) == ["a", "b"]
    assert [(letter.value, headers(letter)["dlq_cause"]) for letter in producer.dead] == [(b"huge", "unpublishable")]


async def test_a_record_whose_events_all_fail_is_one_dead_letter() -> None:
    producer = Said()
    await run(work_on(batch([b"x x y"]), Applier(poisoned("x")), producer))
    assert producer.values == ["y"]
    assert len(producer.dead) == 1


async def test_dead_letters_are_acked_before_the_batch_is_done() -> None:
    producer = Said(failing(2, Transient("broker away")))
    await run(work_on(batch([b"garbage"]), Applier(), producer))
    assert len(producer.dead) == 1


@pytest.fixture
def long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A back-off that nothing ends lasts longer than a test."""
    monkeypatch.setattr(Backoff, "next", lambda _: 600.0)


@pytest.mark.usefixtures("long_pauses")
async def test_a_stop_ends_a_back_off_at_once_and_leaves_the_batch() -> None:
    stop = asyncio.Event()
    handler = Applier(failing(1000, Transient("away")))
    running = asyncio.create_task(run(work_on(batch([b"a"]), handler, Said(), stop)))
    await asyncio.sleep(0.2)
    stop.set()
    with pytest.raises(Abandoned):
        await asyncio.wait_for(running, 5)


@pytest.mark.usefixtures("long_pauses")
async def test_partitions_that_were_revoked_end_a_back_off_at_once() -> None:
    found = batch([b"a"])
    running = asyncio.create_task(run(work_on(found, Applier(failing(1000, Transient("away"))), Said())))
    await asyncio.sleep(0.2)
    found.lost.set()
    with pytest.raises(Abandoned):
        await asyncio.wait_for(running, 5)


async def test_a_batch_that_was_lost_while_it_was_handled_is_not_published() -> None:
    found, producer = batch([b"a"]), Said()
    with pytest.raises(Abandoned):
        await run(work_on(found, Applier(lambda _: found.lost.set()), producer))
    assert producer.messages == []


async def test_a_stop_lets_the_batch_at_work_finish() -> None:
    stop = asyncio.Event()
    producer = Said()
    await run(work_on(batch([b"a"]), Applier(lambda _: stop.set()), producer, stop))
    assert producer.values == ["a"]


class Lazy(Applier):
    """Makes its messages as they are asked for, one it cannot."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[bytes] = []

    async def handle(self, found: Sequence[Delivery[str]], /) -> Iterator[Message]:
        return map(self._said, await super().handle(found))

    def _said(self, message: Message) -> Message:
        self.asked.append(message.value)
        if message.value == b"bad":
            raise KeyError("no such field")
        return message


async def test_what_cannot_be_said_is_a_dead_letter_also_where_that_shows_late() -> None:
    producer = Said()
    await run(work_on(batch([b"a", b"b bad", b"c"]), Lazy(), producer))
    assert [headers(letter)["dlq_offset"] for letter in producer.dead] == ["1"]
    assert producer.values == ["a", "b", "c"]


async def test_messages_are_made_when_their_turn_has_come_and_not_while_others_wait_to_be_applied() -> None:
    handler = Lazy()
    work = work_on(batch([b"a"]), handler, Said())
    await work.parse()
    await work.handle()
    assert handler.asked == []
    await work.say()
    assert handler.asked == [b"a"]


async def test_a_long_parse_lets_the_event_loop_breathe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_work, "SLICE_SECONDS", 0.0001)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    await run(work_on(batch([b"bug" + b" " * 3_000_000] * 30), Applier(), Said()))
    ticking.cancel()
    assert ticks > 20
