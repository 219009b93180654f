"""Group commit: what is asked for at the same time is written together, and each caller gets an outcome of its own.

No delay is added. Who comes alone is written alone and at once; who comes while the writers are busy goes with all who
came meanwhile, as soon as one is free. So the busier it is, the fewer commits an item costs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from services.chassis.errors import Transient

T = TypeVar("T")
_Waiting = tuple[T, "asyncio.Future[None]"]


class Gather(Generic[T]):
    """Writes items by `write`, which takes many at once and writes all or none.

    At most `writers` calls are under way at a time, of at most `most` items each; at most `room` items wait.
    """

    def __init__(
        self, write: Callable[[Sequence[T]], Awaitable[None]], *, writers: int = 2, most: int = 200, room: int = 2000
    ) -> None:
        self._write = write
        self._writers, self._most, self._room = writers, most, room
        self._waiting: deque[_Waiting[T]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy = 0
        self._starting = False

    async def put(self, item: T) -> None:
        """Returns once `item` is written; raises what is wrong with it, Transient for trouble, and where too many wait.

        A caller that is cancelled takes nobody along: an item that still waits is left out, another may be written.
        """
        if len(self._waiting) >= self._room:
            raise Transient(f"{self._room} writes are waiting already")
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if not self._starting and self._busy < self._writers:
            self._start()
        await done

    def _start(self) -> None:
        """A task that begins at the loop's next turn, with all who come by then; it serves no request of its own."""
        self._starting = True
        self._busy += 1
        task = asyncio.get_running_loop().create_task(self._work(), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        self._starting = False
        try:
            while batch := self._take():
                await self._settle(batch)
        finally:
            self._busy -= 1  # in the same step that found nothing to take: who comes next starts another

    def _take(self) -> list[_Waiting[T]]:
        taken: list[_Waiting[T]] = []
        while self._waiting and len(taken) < self._most:
            item, done = self._waiting.popleft()
            if not done.done():
                taken.append((item, done))
        return taken

    async def _settle(self, batch: Sequence[_Waiting[T]]) -> None:
        try:
            await self._write([item for item, _ in batch])
        except Transient as error:
            _tell(batch, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, its caller is told
            await self._blame(batch, error)
        except BaseException:
            _tell(batch, Transient("the write was cut short"))
            raise
        else:
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    async def _blame(self, batch: Sequence[_Waiting[T]], error: Exception) -> None:
        """Something is wrong with one of them, and nothing is written: each by itself, the others are not to blame."""
        if len(batch) == 1:
            _tell(batch, error)
            return
        for one in batch:
            await self._settle([one])


def _tell(batch: Sequence[_Waiting[T]], error: Exception) -> None:
    for _, done in batch:
        if not done.done():
            done.set_exception(error)
            done.exception()  # its caller may be gone by the time it would hear of it
