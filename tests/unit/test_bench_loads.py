"""The loads of the benchmarks: a steady pace, percentiles, lag and memory over time."""

from __future__ import annotations

import asyncio
import os
from functools import partial

import pytest

from benchmarks.cpu import Meter, seconds_of
from benchmarks.lag import Lag
from benchmarks.lines.away import A_SECOND, MOST, drained, pace_for
from benchmarks.memory import Watch, together
from benchmarks.model import BenchError
from benchmarks.outage import Look, drained_at
from benchmarks.pace import lending, paced
from benchmarks.percentiles import percentile, percentiles


async def test_a_slow_answer_delays_nobody_else() -> None:
    release = asyncio.Event()
    done: list[int] = []

    async def work(number: int) -> int:
        if number == 0:
            await release.wait()
        done.append(number)
        if number == 2:
            release.set()
        return number

    assert await paced([partial(work, number) for number in range(3)], 1000) == [0, 1, 2]
    assert done == [1, 2, 0]


async def test_a_load_that_fails_ends_with_its_error() -> None:
    async def fails() -> int:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await paced([fails], 1000)


async def test_a_connection_that_the_server_gave_up_while_it_was_idle_is_replaced() -> None:
    answered = 0

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal answered
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        answered += 1
        writer.close()

    server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    async with server, lending(server.sockets[0].getsockname()[1], 1) as lent:
        for _ in range(3):
            assert (await lent.ask(b"GET / HTTP/1.1\r\n\r\n")).body == b"ok"
            await asyncio.sleep(0.05)
    assert answered == 3


def test_a_percentile_is_one_of_the_times() -> None:
    times = [float(each) for each in range(1, 101)]
    assert (percentile(times, 0.5), percentile(times, 0.99), percentile(times, 1)) == (50, 99, 100)
    assert percentile([7.0], 0.5) == 7
    assert percentiles([0.001, 0.003, 0.002]) == pytest.approx({"p50 ms": 2, "p99 ms": 3, "longest ms": 3})


def test_a_steady_lag_does_not_grow_and_a_rising_one_does() -> None:
    steady, rising = Lag([0, 300, 0, 300, 0, 300, 0, 300, 0, 300, 0, 300]), Lag(list(range(0, 1200, 100)))
    assert steady.summary(100)["lag growth s"] == 0
    assert rising.summary(100)["lag growth s"] == pytest.approx(4)


def test_growth_is_told_without_the_start() -> None:
    watch = Watch({}, {"upload": [50, 70, 80, 80, 80, 80, 80, 80, 80, 90]})
    assert watch.growth("upload") == 10
    assert watch.recent("upload", 4) == 80


def test_of_one_that_holds_more_at_times_the_most_is_told() -> None:
    watch = Watch({}, {"janitor": [90, 70, 78, 70, 70]})
    assert (watch.most("janitor", 4), watch.recent("janitor", 4)) == (78, 70)


def test_a_lag_is_gone_when_all_has_come_and_is_read_and_stays_so() -> None:
    gone_for_a_moment = [Look(1, 10, 0), Look(2, 60, 30), Look(3, 100, 20)]
    assert drained_at(gone_for_a_moment, 100) is None
    assert drained_at([*gone_for_a_moment, Look(4, 100, 0), Look(5, 100, 0)], 100) == 4


def test_a_lag_of_0_is_nothing_while_the_store_still_has_something_to_say() -> None:
    assert drained_at([Look(1, 0, 0), Look(2, 99, 0)], 100) is None
    assert drained_at([], 0) is None


def test_what_the_store_says_twice_is_read_too_before_the_lag_is_gone() -> None:
    assert drained_at([Look(1, 100, 0), Look(2, 103, 3), Look(3, 103, 0)], 100) == 3


def test_the_drain_rate_counts_from_the_return_and_tells_how_long_the_store_was_waited_for() -> None:
    looks = [Look(12, 40, 40), Look(15, 100, 60), Look(20, 100, 0), Look(24, 100, 0)]
    reading = drained(looks, returned=10, objects=100, where={"outage s": 6})
    assert reading.value == 10
    assert reading.where == {"objects": 100, "drain s": 10, "store told all s": 5, "lag most": 60, "outage s": 6}


def test_a_backlog_that_was_not_read_is_no_measure() -> None:
    with pytest.raises(BenchError, match="of 100 objects"):
        drained([Look(1, 100, 1)], returned=0, objects=100, where={})


def test_a_long_outage_has_no_more_puts_than_can_be_waited_for() -> None:
    assert pace_for(15) == A_SECOND
    assert pace_for(600) * 600 == pytest.approx(MOST)


def test_a_process_holds_memory() -> None:
    watch = Watch({"this": os.getpid()})
    watch.look()
    assert watch.samples["this"][0] > 1


def test_what_processes_share_is_counted_once() -> None:
    alone, twice = together([os.getpid()]), together([os.getpid(), os.getpid()])
    assert 1 < alone < twice < 2 * alone
    assert together([]) == 0


def test_processor_time_goes_on_and_that_of_no_process_is_none() -> None:
    meter = Meter({"this": os.getpid(), "nobody": 2**22 + 1})
    assert sum(number * number for number in range(300_000)) > 0
    assert meter.used()["this"] > 0
    assert meter.used()["nobody"] == 0
    meter.restart()
    assert meter.used()["this"] < seconds_of(os.getpid())
