"""Staying on a piece of work until it is done: trouble that may pass is waited out, a bug is raised."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from services.chassis import postgres
from services.chassis.backoff import Backoff
from services.chassis.errors import Transient

T = TypeVar("T")

OnRetry = Callable[[BaseException, float], None]
"""Told of each failure that will be tried again, with the delay in seconds."""


class Abandoned(Exception):
    """The work was left while it waited: a stop was asked for, or it is no longer ours."""


def may_pass(error: BaseException) -> bool:
    """Transient, or what a driver raises for an outage where nobody translated it: never a reason to skip work."""
    return isinstance(error, Transient) or postgres.transient(error)


async def persist(attempt: Callable[[], Awaitable[T]], *, leave: tuple[asyncio.Event, ...], on_retry: OnRetry) -> T:
    """The result of `attempt`, however often it takes. Raises Abandoned once one of `leave` is set and it is not done.

    An attempt that runs is left to finish; only the wait between two is cut short.
    """
    backoff = Backoff()
    while True:
        try:
            return await attempt()
        except Exception as error:
            if not may_pass(error):
                raise
            delay = backoff.next()
            on_retry(error, delay)
        await pause(delay, *leave)
        if any(event.is_set() for event in leave):
            raise Abandoned


async def pause(seconds: float, *wakers: asyncio.Event) -> None:
    """Waits for `seconds`, or until one of `wakers` is set."""
    waits = [asyncio.ensure_future(waker.wait()) for waker in wakers]
    try:
        if waits:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(seconds)
    finally:
        for wait in waits:
            wait.cancel()


async def apart(
    work: Coroutine[object, object, T], seconds: float | None = None, *, unclaimed: Callable[[T], None] | None = None
) -> T:
    """The result of a driver's `work`, which is cancelled after `seconds`; TimeoutError then.

    Also where it was cancelled by something inside it: aiokafka's clean-up awaits tasks that it has just cancelled. In
    the caller's own task that would end the caller, as if a stop had been asked for.

    A caller who is cancelled in the very moment in which `work` is done never sees its result: `unclaimed` is given it.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        await _end(task)
        if not task.cancelled() and task.exception() is None and unclaimed is not None:
            unclaimed(task.result())
        raise
    if task.cancelled():
        raise TimeoutError("the driver cut itself off")
    await _end(task)
    if task.cancelled():
        raise TimeoutError
    return task.result()


async def _end(task: asyncio.Task[T]) -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait({task})


async def unless(work: Coroutine[object, object, T], *stops: asyncio.Event) -> T | None:
    """The result of `work`, or None (and `work` cancelled) where one of `stops` is set first."""
    task = asyncio.create_task(work)
    every = {task, *(asyncio.create_task(stop.wait()) for stop in stops)}
    try:
        await asyncio.wait(every, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for each in every:
            each.cancel()
        await asyncio.wait(every)
