from __future__ import annotations

import asyncio
from functools import partial

import asyncpg
import pytest

from services.chassis.backoff import Backoff
from services.chassis.errors import Transient
from services.chassis.postgres import transient, translated
from services.chassis.retry import Unless, may_pass


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


async def late(result: str, seconds: float = 0) -> str:
    await asyncio.sleep(seconds)
    return result


async def test_work_is_cancelled_by_a_stop_and_told_from_a_result() -> None:
    other, stop = asyncio.Event(), asyncio.Event()
    unless = Unless(other, stop)
    assert await unless(partial(late, "done")) == "done"
    assert await unless(partial(late, "again")) == "again"
    asyncio.get_running_loop().call_later(0.05, stop.set)
    async with asyncio.timeout(5):
        assert await unless(partial(late, "late", 10)) is None
        assert await unless(partial(late, "never begun")) is None
    await unless.close()


async def test_a_stop_between_two_pieces_of_work_is_kept() -> None:
    stop = asyncio.Event()
    unless = Unless(stop)
    assert await unless(partial(late, "done")) == "done"
    stop.set()
    await asyncio.sleep(0.01)
    assert await unless(partial(late, "too late")) is None
    await unless.close()


async def test_what_the_work_raises_is_its_own() -> None:
    async def slow() -> str:
        raise TimeoutError("its own")

    unless = Unless(asyncio.Event())
    with pytest.raises(TimeoutError, match="its own"):
        await unless(slow)
    await unless.close()


async def test_who_is_cancelled_in_its_work_is_cancelled() -> None:
    unless = Unless(asyncio.Event())
    task = asyncio.create_task(_none(unless))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await unless.close()


async def _none(unless: Unless) -> None:
    await unless(partial(late, "late", 10))


async def test_nothing_is_watched_after_a_close() -> None:
    before = asyncio.all_tasks()
    unless = Unless(asyncio.Event())
    await unless(partial(late, "done"))
    await unless.close()
    assert asyncio.all_tasks() == before
