"""Uploads that are stuck, made so for real: rows changed as superuser, notifications lost, services stopped."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from deploy.local.info import StackInfo
from deploy.local.stack import Stack
from deploy.ops.explain_fix import Fixed, fix
from deploy.ops.explain_model import Explained
from deploy.ops.explain_states import State, Timing
from deploy.ops.explaining import Explainer
from tests.stack.support.api import Api, Client, Upload
from tests.stack.support.broker import Broker
from tests.stack.support.bucket import Bucket
from tests.stack.support.waiting import POLL_SECONDS, WITHIN_SECONDS, eventually

YOUNG_SECONDS = 0.5
FIX_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class World:
    """A stack with a client, and the hands of somebody who may do anything to it."""

    stack: Stack
    info: StackInfo
    api: Api
    bucket: Bucket
    broker: Broker
    database: asyncpg.Connection[asyncpg.Record]

    async def sql(self, statement: str, *arguments: object) -> None:
        """Runs a statement past every trigger."""
        async with self.database.transaction():
            await self.database.execute("SET LOCAL session_replication_role = replica")
            await self.database.execute(statement, *arguments)

    def explainer(self, *, young: float = YOUNG_SECONDS, seconds: float = 30.0) -> Explainer:
        return Explainer(self.info, Timing(young=young), seconds)

    async def explain(self, upload: Upload, *, seconds: float = 30.0) -> Explained:
        return (await self.explainer(seconds=seconds).explain([upload.key]))[0]

    async def at_rest(self, upload: Upload) -> Explained:
        """How it is explained once no record of it stands in line, be it one that changes nothing.

        The store tells of a PUT on a tick of 3 s, long after a confirm has had it decided.
        """
        end = time.monotonic() + WITHIN_SECONDS
        while True:
            explained = await self.explain(upload)
            if explained.verdict.state is not State.IN_LINE or time.monotonic() > end:
                return explained
            await asyncio.sleep(POLL_SECONDS)

    async def state(self, upload: Upload) -> State:
        return (await self.at_rest(upload)).verdict.state

    async def becomes(self, upload: Upload, state: State) -> None:
        """Waits until it is explained so."""
        await eventually(lambda: self.state(upload), becomes=state)

    async def fixed(self, upload: Upload) -> Fixed:
        """What FIX=1 does about it."""
        return await fix(self.explainer(), await self.at_rest(upload), FIX_SECONDS)

    async def settled(self, client: Client, data: bytes = b"12345") -> Upload:
        """An upload at which all agree, of which the store has nothing more to tell, and that is no longer young."""
        upload = await client.put_new(data)
        await self.becomes(upload, State.SETTLED)
        await asyncio.sleep(YOUNG_SECONDS)
        return upload

    async def unnoticed(self, client: Client, upload: Upload, data: bytes) -> None:
        """Puts bytes of which the store tells nobody."""
        async with self.bucket.silent():
            assert await client.put(upload, data) == 200
        await asyncio.sleep(YOUNG_SECONDS)

    async def expire(self, upload: Upload) -> None:
        """Makes its URL dead, as if it had been asked for hours ago."""
        await self.sql(
            "UPDATE upload.documents SET created_at = now() - interval '3 hours', expires_at = now() - interval "
            "'2 hours' WHERE id = $1::uuid",
            upload.document_id,
        )
        await self.sql(
            "UPDATE janitor.objects SET requested_at = now() - interval '3 hours', expires_at = now() - interval "
            "'2 hours' WHERE object_key = $1",
            upload.key,
        )

    async def known(self, upload: Upload) -> None:
        """Returns once the janitor has heard that it was asked for."""

        async def heard() -> bool:
            return bool(await self.database.fetchval("SELECT 1 FROM janitor.objects WHERE object_key = $1", upload.key))

        await eventually(heard, becomes=True)

    @asynccontextmanager
    async def stopped(self, *names: str) -> AsyncIterator[None]:
        """Inside, these processes do not run."""
        for name in names:
            await asyncio.to_thread(self.stack.supervisor.stop, name)
        try:
            yield
        finally:
            await asyncio.to_thread(self.stack.up)

    @asynccontextmanager
    async def frozen(self, name: str) -> AsyncIterator[None]:
        """Inside, this process is there and does nothing: shorter than its session, or it loses its group."""
        await asyncio.to_thread(self.stack.supervisor.signal, name, signal.SIGSTOP.name.removeprefix("SIG"))
        try:
            yield
        finally:
            await asyncio.to_thread(self.stack.supervisor.signal, name, signal.SIGCONT.name.removeprefix("SIG"))
