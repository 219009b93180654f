"""What a handler or a publisher of `chassis_log` meets on its way: a wait, an error, the end of the process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

FOUR = ["a0", "a1", "b0", "b1"]
"""Two batches of two."""


class Killed(BaseException):
    """The process is gone."""


class Hold:
    """Holds the first one that is about one of some values until it is opened, and says that it came."""

    def __init__(self, *values: str) -> None:
        self.values = set(values)
        self.came, self.opened = asyncio.Event(), asyncio.Event()

    async def __call__(self, values: list[str]) -> None:
        if self.values & set(values) and not self.came.is_set():
            self.came.set()
            await self.opened.wait()


def refusing(error: Exception, *values: str, times: int = 10**6) -> Callable[[list[str]], Awaitable[None]]:
    """Raises `error` where one of `values` is among them, as often as `times`."""
    left = [error] * times

    async def refuse(found: list[str]) -> None:
        if set(values) & set(found) and left:
            raise left.pop()

    return refuse
