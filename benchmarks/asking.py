"""A server that is asked: when it listens, how fast it answers, and what it has left to do."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence

import asyncpg

from benchmarks.cpu import Meter, server_pids
from benchmarks.http_load import answers_a_second
from benchmarks.model import BenchError, Reading
from benchmarks.site import Child, Site
from services.chassis.postgres import load_sql

CONNECTIONS = 64
START_SECONDS = 30.0
DRAIN_SECONDS = 60.0
_SQL = load_sql("benchmarks")


async def ask(site: Site, child: Child, port: int, requests: Sequence[bytes]) -> Reading:
    """The speed of a process, and the processor time it took for each answer of its own."""
    meter, started = Meter({**whose(child), **server_pids(site.stack)}), time.monotonic()
    speed = await answers_a_second(port, requests, site.options.warm_seconds, site.options.seconds)
    return Reading(speed, shares(meter.used(), time.monotonic() - started, speed))


def whose(child: Child) -> dict[str, int]:
    """The process that is asked and this one, which asks: where it is busy all the time it is what is measured."""
    return {"server": child.process.pid, "load": os.getpid()}


def shares(used: dict[str, float], seconds: float, speed: float) -> dict[str, float]:
    """Processor time of the server for an answer, and how much of a core each process kept busy."""
    busy = {f"{name} % of a core": each * 100 / seconds for name, each in used.items()}
    return {"server CPU us an answer": used["server"] / seconds * 1e6 / speed, **busy}


async def listens(child: Child, port: int) -> None:
    """Returns once the process takes connections. Raises BenchError where it ends, or does not in time."""
    end = asyncio.get_running_loop().time() + START_SECONDS
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            if (reason := child.ended()) or asyncio.get_running_loop().time() > end:
                raise BenchError(f"{child.log.stem}: {reason or error}") from error
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return


async def drain(pool: asyncpg.Pool[asyncpg.Record]) -> int:
    """Waits until the relay has said all, so that it does not work in the floor's time; how much it had left."""
    left = waiting = int(await pool.fetchval(_SQL["count_outbox"]))
    end = asyncio.get_running_loop().time() + DRAIN_SECONDS
    while waiting:
        if asyncio.get_running_loop().time() > end:
            raise BenchError(f"the outbox still holds {waiting} events after {DRAIN_SECONDS:.0f} s")
        await asyncio.sleep(0.1)
        waiting = int(await pool.fetchval(_SQL["count_outbox"]))
    return left
