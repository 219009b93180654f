"""Many calls of a driver side by side, a bounded number of them under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TypeVar

from services.chassis.retry import apart

Item = TypeVar("Item")
Result = TypeVar("Result")


async def abreast(
    call: Callable[[Item], Coroutine[object, object, Result]], items: Sequence[Item], at_once: int
) -> list[Result]:
    """The results of `call` for each of `items`, in their order; at most `at_once` are under way.

    The first failure ends the others and is raised. No TaskGroup: it would take a call that the driver cut off from
    inside for one that was done.
    """
    room = asyncio.Semaphore(at_once)

    async def one(item: Item) -> Result:
        async with room:
            return await apart(call(item))

    tasks = [asyncio.create_task(one(item)) for item in items]
    try:
        await _ended(tasks, asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await _ended(tasks, asyncio.ALL_COMPLETED)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error
    return [task.result() for task in tasks]


async def _ended(tasks: Sequence[asyncio.Task[Result]], when: str) -> None:
    if tasks:
        await asyncio.wait(tasks, return_when=when)
