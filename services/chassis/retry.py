"""Staying on a piece of work until it is done: trouble that may pass is waited out, a bug is raised."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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


class Unless:
    """Work that is left once one of some events is set. For work that comes often: it goes on in its caller's own task.

    A task around each piece would have what comes of it wait for three turns of the loop, and for all that is done in
    them. Used by one task at a time; `close` at the end.
    """

    def __init__(self, *stops: asyncio.Event) -> None:
        self._stops = stops
        self._scope: asyncio.Timeout | None = None
        self._watching: asyncio.Task[None] | None = None

    async def __call__(self, work: Callable[[], Awaitable[T]]) -> T | None:
        """The result of `work`, or None (and `work` cancelled, or not begun) where an event is set first."""
        if any(stop.is_set() for stop in self._stops):
            return None
        self._watching = self._watching or asyncio.create_task(self._watch())
        try:
            async with asyncio.timeout(None) as scope:
                self._scope = scope
                return await work()
        except TimeoutError:
            if not scope.expired():
                raise
            return None
        finally:
            self._scope = None

    async def close(self) -> None:
        """Watches the events no more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})

    async def _watch(self) -> None:
        await _first(self._stops)
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())


async def _first(events: tuple[asyncio.Event, ...]) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
