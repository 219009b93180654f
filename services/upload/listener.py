"""Hears what any replica committed, over LISTEN on a connection of its own, and wakes the waiters of this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import structlog

from services.chassis.backoff import Backoff
from services.chassis.errors import Transient
from services.chassis.postgres import translated
from services.upload.waiters import Waiters

log = structlog.get_logger(__name__)

CHANNEL = "documents"
CLOSE_SECONDS = 2.0
_OPEN_SECONDS = 5.0

if TYPE_CHECKING:  # the stubs' Connection is generic, asyncpg's own is not
    Connection = asyncpg.Connection[asyncpg.Record]
    Connect = Callable[[], Awaitable[Connection]]


async def listen(connect: Connect, waiters: Waiters, stop: asyncio.Event, *, check_seconds: float = 5.0) -> None:
    """Listens until `stop`, over one connection after the other; each new one wakes everybody for what was missed.

    A connection is asked every `check_seconds` whether it still lives, since a silent one may be a dead one.
    """
    backoff = Backoff()
    while not stop.is_set():
        try:
            with translated():
                async with _listening(connect, waiters) as lost:
                    backoff = Backoff()
                    await _until_lost(lost, stop, check_seconds)
        except Transient as error:
            log.warning("upload.listener_lost", reason=str(error))
            await _sleep(stop, backoff.next())


class _Ear:
    """One listening connection; `ended` is set once it is no more."""

    def __init__(self, connection: Connection, waiters: Waiters) -> None:
        self.connection = connection
        self.ended = asyncio.Event()
        self._waiters = waiters

    def heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        """Rings for the ids of a notification; another sender's nonsense wakes everybody, which harms nobody."""
        try:
            ids = [UUID(text) for text in str(payload).split(",")]
        except ValueError:
            self._waiters.wake_all()
        else:
            self._waiters.wake(ids)

    def lost(self, _connection: object) -> None:
        """The connection ended."""
        self.ended.set()


@asynccontextmanager
async def _listening(connect: Connect, waiters: Waiters) -> AsyncIterator[_Ear]:
    async with asyncio.timeout(_OPEN_SECONDS):
        connection = await connect()
    ear = _Ear(connection, waiters)
    try:
        connection.add_termination_listener(ear.lost)
        async with asyncio.timeout(_OPEN_SECONDS):
            await connection.add_listener(CHANNEL, ear.heard)
        log.info("upload.listening")
        waiters.wake_all()
        yield ear
    finally:
        await _close(connection)


async def _until_lost(ear: _Ear, stop: asyncio.Event, check_seconds: float) -> None:
    while not stop.is_set():
        await _first(ear.ended, stop, check_seconds)
        if ear.ended.is_set():
            raise Transient("database: the listening connection ended")
        await ear.connection.execute("SELECT 1", timeout=check_seconds)


async def _first(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=CLOSE_SECONDS)
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()
