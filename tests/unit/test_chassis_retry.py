from __future__ import annotations

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from services.chassis.backoff import Backoff
from services.chassis.errors import Transient
from services.chassis.postgres import transient, translated
from services.chassis.retry import apart, may_pass, unless


def test_delays_double_up_to_a_cap_and_are_drawn_from_the_whole_range() -> None:
    backoff = Backoff(base=0.1, cap=1.0, draw=lambda _low, high: high)
    assert [backoff.next() for _ in range(6)] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
    drawn = [Backoff(base=4.0, cap=5.0).next() for _ in range(200)]
    assert min(drawn) < 1.5
    assert max(drawn) > 2.5


def test_a_delay_stays_bounded_for_ever() -> None:
    backoff = Backoff(attempts=10**6)
    assert backoff.next() <= 5.0


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InterfaceError("cannot call Connection.fetch(): connection has been released back to the pool"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.AdminShutdownError("bye"),
        asyncpg.CrashShutdownError("crash"),
        asyncpg.TooManyConnectionsError("full"),
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.SerializationError("again"),
        asyncpg.LockNotAvailableError("locked"),
        asyncpg.QueryCanceledError("statement timeout"),
        asyncpg.IdleInTransactionSessionTimeoutError("idle"),
        asyncpg.DiskFullError("full"),
        asyncpg.InvalidPasswordError("rotated"),
        asyncpg.InsufficientPrivilegeError("no right"),
        asyncpg.InvalidCatalogNameError("no database"),
        asyncpg.TargetServerAttributeNotMatched("None of the hosts match the target attribute requirement"),
        ConnectionRefusedError(),
        TimeoutError(),
    ],
)
def test_the_servers_trouble_may_pass(error: Exception) -> None:
    assert transient(error)
    assert may_pass(error)
    with pytest.raises(Transient, match="database"), translated():
        raise error


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UniqueViolationError("twice"),
        asyncpg.CheckViolationError("below 0"),
        asyncpg.UndefinedTableError("no table"),
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        asyncpg.InternalClientError("no binary format encoder for type money (OID 790)"),
        asyncpg.DataError("invalid input"),
        ValueError("ours"),
    ],
)
def test_a_mistake_of_ours_does_not_pass(error: Exception) -> None:
    assert not transient(error)
    with pytest.raises(type(error)), translated():
        raise error


async def test_work_is_cancelled_by_a_stop_and_told_from_a_result() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, stop.set)
    assert await unless(asyncio.sleep(10, "late"), stop) is None
    assert await unless(asyncio.sleep(0, "done"), asyncio.Event()) == "done"


async def _cut_off() -> str:
    """As aiokafka's clean-up: awaits a task that was cancelled before it began."""
    inner = asyncio.create_task(asyncio.sleep(10))
    inner.cancel()
    await inner
    return "never"


async def test_a_drivers_call_that_is_cut_off_from_inside_is_trouble_that_may_pass_and_cancels_nobody() -> None:
    with pytest.raises(TimeoutError, match="cut itself off") as caught:
        await apart(_cut_off(), 10)
    assert may_pass(caught.value)
    mine = asyncio.current_task()
    assert mine is not None
    assert mine.cancelling() == 0


async def test_a_drivers_call_is_ended_after_its_time_also_where_it_miscounts_its_cancellations() -> None:
    ended = asyncio.Event()

    async def miscounts() -> None:
        mine = asyncio.current_task()
        assert mine is not None
        mine.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        try:
            await asyncio.sleep(10)
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        await apart(miscounts(), 0.01)
    assert ended.is_set()


async def test_what_a_drivers_call_gives_or_raises_comes_through_also_where_it_comes_while_it_is_ended() -> None:
    async def late() -> str:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(10)
        return "late"

    assert await apart(asyncio.sleep(0, "done")) == "done"
    assert await apart(late(), 0.01) == "late"
    with pytest.raises(ZeroDivisionError):
        await apart(_divides(), 10)


async def _divides() -> None:
    raise ZeroDivisionError


async def test_who_is_cancelled_in_a_drivers_call_takes_the_call_along() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def works() -> None:
        began.set()
        try:
            await asyncio.sleep(10)
        finally:
            ended.set()

    caller = asyncio.create_task(apart(works(), 10))
    await began.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended.is_set()


async def test_a_result_that_comes_as_its_caller_is_cancelled_is_handed_over_and_never_lost() -> None:
    """However the moments of the two fall: what was taken is either returned or handed over, and once only."""
    for turns in range(8):
        given: list[str] = []
        handed: list[str] = []
        released = asyncio.Event()
        caller = asyncio.create_task(apart(_takes(released, given), unclaimed=handed.append))
        await asyncio.sleep(0.001)
        released.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait({caller})
        claimed = [] if caller.cancelled() else [caller.result()]
        assert claimed + handed == given, f"after {turns} turns"


async def _takes(released: asyncio.Event, given: list[str]) -> str:
    await released.wait()
    given.append("taken")
    return "taken"
