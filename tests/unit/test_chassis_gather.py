"""Writes that come together: one call for all of them, and an outcome for each, whatever happens to the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from services.chassis.errors import Transient
from services.chassis.gather import Gather


class Refused(Exception):
    """What the database says of a bad row."""


class Table:
    """Takes all of a call or none of it; while `closed`, calls hang."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.rows: list[str] = []
        self.failure: BaseException | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.at_once = self.most_at_once = 0

    async def write(self, items: Sequence[str]) -> None:
        self.calls.append(list(items))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.open.wait()
            if self.failure is not None:
                raise self.failure
            for item in items:
                if item.startswith("bad"):
                    raise Refused(item)
            self.rows += items
        finally:
            self.at_once -= 1


@pytest.fixture
def table() -> Table:
    return Table()


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def outcomes(*waiting: asyncio.Task[None]) -> list[BaseException | None]:
    return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)


def put(gather: Gather[str], *items: str) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(gather.put(item)) for item in items]


async def test_who_comes_alone_is_written_at_once(table: Table) -> None:
    await Gather(table.write).put("a")
    assert (table.calls, table.rows) == ([["a"]], ["a"])


async def test_those_that_come_at_once_share_a_call(table: Table) -> None:
    await outcomes(*put(Gather(table.write), "a", "b", "c"))
    assert table.calls == [["a", "b", "c"]]


async def test_who_comes_while_all_writers_are_busy_goes_with_the_next_and_in_order(table: Table) -> None:
    gather = Gather(table.write, writers=2, most=2)
    table.open.clear()
    tasks: list[asyncio.Task[None]] = []
    for item in "abcdefg":
        tasks += put(gather, item)
        await turns()
    assert table.calls == [["a"], ["b"]]
    table.open.set()
    assert await outcomes(*tasks) == [None] * 7
    assert table.calls[2:] == [["c", "d"], ["e", "f"], ["g"]]
    assert table.most_at_once == 2


async def test_a_bad_item_fails_alone_and_its_neighbours_are_written(table: Table) -> None:
    found = await outcomes(*put(Gather(table.write), "a", "bad b", "c", "bad d"))
    assert [type(outcome) for outcome in found] == [type(None), Refused, type(None), Refused]
    assert (str(found[1]), table.rows) == ("bad b", ["a", "c"])


async def test_trouble_is_told_to_all_of_the_batch_and_the_next_one_is_tried(table: Table) -> None:
    gather = Gather(table.write)
    table.failure = Transient("database: away")
    assert [str(outcome) for outcome in await outcomes(*put(gather, "a", "b"))] == ["database: away"] * 2
    assert table.calls == [["a", "b"]]
    table.failure = None
    assert await outcomes(*put(gather, "c")) == [None]


async def test_an_outage_between_the_single_writes_is_told_to_those_it_met(table: Table) -> None:
    async def write(items: Sequence[str]) -> None:
        await table.write(items)
        if items == ["a"]:
            table.failure = Transient("database: away")

    found = await outcomes(*put(Gather(write), "a", "bad b", "c"))
    assert [type(outcome) for outcome in found] == [type(None), Transient, Transient]
    assert table.rows == ["a"]


async def test_a_caller_that_leaves_while_its_batch_is_written_takes_nobody_along(table: Table) -> None:
    gather = Gather(table.write)
    table.open.clear()
    gone, stays = put(gather, "a", "b")
    await turns()
    gone.cancel()
    await turns()
    table.open.set()
    found = await outcomes(gone, stays)
    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1] is None
    assert table.calls == [["a", "b"]]


async def test_a_caller_that_leaves_while_it_waits_is_left_out(table: Table) -> None:
    gather = Gather(table.write, writers=1)
    table.open.clear()
    first = put(gather, "a")
    await turns()
    gone, stays = put(gather, "b", "c")
    await turns()
    gone.cancel()
    await turns()
    table.open.set()
    await outcomes(*first, gone, stays)
    assert table.calls == [["a"], ["c"]]


async def test_when_too_many_wait_one_more_is_refused_and_may_try_again(table: Table) -> None:
    gather = Gather(table.write, writers=1, room=2)
    table.open.clear()
    writing = put(gather, "a")
    await turns()
    waiting = put(gather, "b", "c")
    await turns()
    with pytest.raises(Transient, match="waiting"):
        await gather.put("d")
    table.open.set()
    assert await outcomes(*writing, *waiting) == [None] * 3
    assert await outcomes(*put(gather, "d")) == [None]


async def test_nobody_is_left_behind_by_a_writer_that_is_just_about_to_end(table: Table) -> None:
    """The next one comes in the very turn in which the last writer finds nothing more to do."""
    gather = Gather(table.write, writers=1)
    for turn in range(6):
        first = put(gather, "a")
        for _ in range(turn):
            await asyncio.sleep(0)
        assert await outcomes(*first, *put(gather, "b")) == [None, None]


async def test_a_writer_that_is_cut_short_says_so_to_its_callers_and_another_takes_over(table: Table) -> None:
    gather = Gather(table.write)
    table.failure = asyncio.CancelledError()
    found = await outcomes(*put(gather, "a", "b"))
    assert [type(outcome) for outcome in found] == [Transient, Transient]
    table.failure = None
    assert await outcomes(*put(gather, "c")) == [None]


async def test_what_a_caller_was_never_told_is_no_complaint_of_the_loops(table: Table) -> None:
    """A failure that nobody hears, since its caller was cancelled in the same turn."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    gather = Gather(table.write)
    table.failure = Transient("away")
    table.open.clear()
    (task,) = put(gather, "a")
    await turns()
    table.open.set()
    await asyncio.sleep(0)
    task.cancel()
    await outcomes(task)
    del task
    await turns()
    assert complaints == []
