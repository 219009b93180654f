"""Periodic work: each job runs on one replica at a time, and its period is the service's, not a replica's.

    await supervise(stop, …, run_jobs(pool, [Job("sweep", 1800, sweep)], stop))

    async def sweep(lease: Lease) -> Mapping[str, object]:
        while rows := await due():
            await lease.check()  # between slices, and before each effect
            …
        return {"cleaned": 7}

A service's own migration creates the table (its text is `sql/jobs_table.sql`). A run that dies, loses its lease or
meets trouble that may pass leaves the job due, and is gone on with; a bug is told, kept in the row, and tried again at
the job's next time. So `work` may be cut off between any two of its steps and begin anew: its effects must bear that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import asyncpg
import orjson
import structlog

from services.chassis.deadletters import reason_of
from services.chassis.errors import Transient
from services.chassis.job_run import Json, Run, begin
from services.chassis.lease import SILENCE_SECONDS, Lease, LeaseLost, Lock, held
from services.chassis.metrics import METRICS, Metrics
from services.chassis.postgres import load_sql, translated
from services.chassis.retry import Abandoned, apart, may_pass, pause, persist
from services.chassis.run import supervise
from services.chassis.settings import SettingsError
from services.chassis.tracing import Span, beginning

__all__ = ["Busy", "Job", "Lease", "LeaseLost", "Work", "run_jobs", "run_now"]

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
"""How long a job that is due may wait for another replica, where the one that ran it died."""
LOOK_SECONDS = 5.0
"""How often a row is looked at though nothing is due: somebody may have set it to now."""
SPARE_CONNECTIONS = 2
"""That a pool needs beside one for each job's lock: for the work of the jobs, and for all else."""

Work = Callable[[Lease], Awaitable[Mapping[str, object]]]
"""Does a run's work and returns its result, JSON-able. May raise LeaseLost and Transient; all else is a bug."""


@dataclass(frozen=True, slots=True)
class Job:
    """Periodic work: its name in the table, metrics and logs, and how long it rests after a run; seconds.

    `show` is given the result of the last run that ended well, on whichever replica, and may keep gauges by it.
    """

    name: str
    every_seconds: float
    work: Work
    show: Callable[[Json], None] | None = None


class Busy(Exception):
    """Another replica has been running the job for as long as could be waited."""


async def run_jobs(
    pool: asyncpg.Pool[asyncpg.Record],
    jobs: Sequence[Job],
    stop: asyncio.Event,
    metrics: Metrics = METRICS,
    *,
    silence_seconds: float = SILENCE_SECONDS,
) -> None:
    """Runs each job whenever it is due and no other replica runs it, side by side, until `stop`.

    Trouble that may pass is waited out, a job's bug ends nobody. Raises SettingsError where the pool is too small.
    """
    if pool.get_max_size() < len(jobs) + SPARE_CONNECTIONS:
        raise SettingsError(
            f"DATABASE_POOL_SIZE: must be at least {len(jobs) + SPARE_CONNECTIONS}, for {len(jobs)} jobs"
        )
    for job in jobs:
        metrics.job_failures.labels(job.name)  # shown from 0 on
    runner = _Runner(pool, stop, metrics, silence_seconds)
    await supervise(stop, *(runner.keep(job) for job in jobs))


async def run_now(
    pool: asyncpg.Pool[asyncpg.Record], job: Job, wait_seconds: float, *, silence_seconds: float = SILENCE_SECONDS
) -> Json:
    """Runs `job` once, due or not, under the same lock as any replica; its result. For commands.

    Raises Busy where another run holds the lock for longer than `wait_seconds`, LeaseLost, Transient, and what the work
    raises.
    """
    runner = _Runner(pool, asyncio.Event(), METRICS, silence_seconds)
    end = asyncio.get_running_loop().time() + wait_seconds
    while True:
        async with held(pool, job.name, silence_seconds) as lock:
            if lock is not None:
                return await runner.run(job, lock, anyhow=True)
        left = end - asyncio.get_running_loop().time()
        if left <= 0:
            raise Busy(f"{job.name} has been running elsewhere for {wait_seconds:g} s")
        await asyncio.sleep(min(left, POLL_SECONDS))


class _Runner:
    """The jobs of one process."""

    def __init__(
        self, pool: asyncpg.Pool[asyncpg.Record], stop: asyncio.Event, metrics: Metrics, silence_seconds: float
    ) -> None:
        self._pool = pool
        self._stop = stop
        self._metrics = metrics
        self._silence_seconds = silence_seconds
        self._sql = load_sql("services.chassis")

    async def keep(self, job: Job) -> None:
        """One look after the other until the stop. A look is a task of its own: see `apart`."""
        while not self._stop.is_set():
            try:
                rest = await persist(
                    lambda: apart(self._look(job)), leave=(self._stop,), on_retry=partial(self._note, job)
                )
            except Abandoned:
                return
            await pause(rest, self._stop)

    async def _look(self, job: Job) -> float:
        """Runs the job if it is due and free; how long the next look may wait, in seconds."""
        due_in = await self._due_in(job)
        if due_in > 0:
            return min(due_in, LOOK_SECONDS)
        async with held(self._pool, job.name, self._silence_seconds) as lock:
            if lock is None:
                return POLL_SECONDS
            return await self._attempt(job, lock)

    async def _due_in(self, job: Job) -> float:
        with translated():
            row = await self._pool.fetchrow(self._sql["jobs_look"], job.name)
        if row is None:
            return 0.0
        if row["succeeded"] is not None:  # by whichever replica: an alert looks at any of them
            self._metrics.job_succeeded.labels(job.name).set(row["succeeded"])
        if row["result"] is not None and job.show is not None:
            job.show(orjson.loads(row["result"]))
        return float(row["due_in"])

    async def _attempt(self, job: Job, lock: Lock) -> float:
        try:
            await self.run(job, lock)
        except LeaseLost as lost:
            log.warning("jobs.left", job=job.name, reason=str(lost))
            return POLL_SECONDS
        except Exception as error:
            if may_pass(error):
                raise
            log.exception("jobs.failed", job=job.name, next_in_s=job.every_seconds)
            return POLL_SECONDS
        return 0.0

    async def run(self, job: Job, lock: Lock, *, anyhow: bool = False) -> Json:
        """One run under `lock`; its result, empty where it is not due any more. Raises what the work raises."""
        run = await begin(self._pool, job.name, anyhow=anyhow)
        if run is None:
            return {}
        began = asyncio.get_running_loop().time()
        with beginning(f"job {job.name}") as span:
            result = await self._work(job, Lease(lock, run, self._stop), run)
            _note_counts(span, result)
            if not await run.finish(job.every_seconds, result):
                raise LeaseLost("another run has begun")
        seconds = asyncio.get_running_loop().time() - began
        self._metrics.job_seconds.labels(job.name).observe(seconds)
        log.info("jobs.done", job=job.name, seconds=round(seconds, 3), result=dict(result))
        return result

    async def _work(self, job: Job, lease: Lease, run: Run) -> Json:
        try:
            return await job.work(lease)
        except LeaseLost:
            raise
        except Exception as error:
            if may_pass(error):
                raise Transient(reason_of(error)) from error
            self._metrics.job_failures.labels(job.name).inc()
            with suppress(Transient):  # the bug is what is to be told
                await run.fail(job.every_seconds, reason_of(error))
            raise

    def _note(self, job: Job, error: BaseException, delay: float) -> None:
        self._metrics.retries.labels("job", job.name).inc()
        log.warning("jobs.backing_off", job=job.name, reason=reason_of(error), retry_in_s=round(delay, 3))


def _note_counts(span: Span, result: Json) -> None:
    """What it did, as far as that is numbers: the rest may be keys."""
    for name, value in result.items():
        if isinstance(value, (int, float)):
            span.note(f"docuvault.job.{name}", value)
