"""Where the time goes, with PROFILE=1: what Python does, what PostgreSQL executes, and how; into build/bench-report/.

A process of a line is sampled by py-spy from outside; PostgreSQL counts its statements (pg_stat_statements) and writes
the plan of one in ten, as it was executed (auto_explain). All of it costs time: such ratios are no result.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg

from benchmarks.errors import BenchError
from benchmarks.folded import summary
from benchmarks.plans import plans
from deploy.local.stack import Stack
from services.chassis.postgres import load_sql

REPORT = Path(__file__).parents[1] / "build" / "bench-report"
WITHIN_SECONDS = 30.0
SQL = load_sql("benchmarks")
SETTINGS = {
    "shared_preload_libraries": "'pg_stat_statements', 'auto_explain'",
    "auto_explain.log_min_duration": "0",
    "auto_explain.sample_rate": "0.1",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_parameter_max_length": "0",
}


async def observe_postgres(stack: Stack) -> None:
    """Restarts PostgreSQL so that it counts and explains. Raises BenchError where it does not come back."""
    url = stack.info.databases["postgres"]
    connection = await asyncpg.connect(url)
    for name, value in SETTINGS.items():
        await connection.execute(f"ALTER SYSTEM SET {name} = {value}")
    await connection.close()
    await asyncio.to_thread(stack.supervisor.restart, "postgres")
    connection = await _back(url)
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    await connection.close()


async def _back(url: str) -> asyncpg.Connection[asyncpg.Record]:
    end = asyncio.get_running_loop().time() + WITHIN_SECONDS
    while True:
        try:
            return await asyncpg.connect(url)
        except (OSError, asyncpg.PostgresError) as error:
            if asyncio.get_running_loop().time() > end:
                raise BenchError(f"PostgreSQL does not come back: {error}") from error
            await asyncio.sleep(0.2)


@asynccontextmanager
async def observed(stack: Stack, line: str) -> AsyncIterator[None]:
    """Counts what PostgreSQL executes for a line, and writes it and the plans to the report."""
    log, connection = stack.layout.log("postgres"), await asyncpg.connect(stack.info.databases["postgres"])
    try:
        await connection.execute("SELECT pg_stat_statements_reset()")
        before = log.stat().st_size
        yield
        rows = await connection.fetch(SQL["top_statements"])
    finally:
        await connection.close()
    report = _report_of(line)
    lines = [f"{row['total_ms']:10.0f} ms {row['calls']:8d} x {row['mean_ms']:9.3f} ms  {row['query']}" for row in rows]
    (report / "statements.txt").write_text("\n".join(lines) + "\n")
    with log.open(errors="replace") as handle:
        handle.seek(before if log.stat().st_size >= before else 0)
        (report / "plans.txt").write_text("\n\n".join(plans(handle.read())) + "\n")


def _report_of(line: str) -> Path:
    folder = REPORT / re.sub(r"[^a-z0-9]+", "-", line.lower()).strip("-")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@asynccontextmanager
async def sampled(pid: int, name: str) -> AsyncIterator[None]:
    """Samples a Python process inside; its folded stacks, for a flame graph, and the functions they were in most."""
    REPORT.mkdir(parents=True, exist_ok=True)
    folded = REPORT / f"{name}.folded"
    spy = await _spy(pid, folded)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            spy.send_signal(signal.SIGINT)
        with suppress(TimeoutError):
            await asyncio.wait_for(spy.wait(), WITHIN_SECONDS)
        if folded.exists():
            folded.with_suffix(".txt").write_text(summary(folded.read_text()))


async def _spy(pid: int, folded: Path) -> Process:
    program = shutil.which("py-spy", path=str(Path(sys.executable).parent))
    if program is None:
        raise BenchError("PROFILE=1 needs py-spy, which is in requirements/bench.lock: use `make bench`")
    how = ("record", "--pid", str(pid), "--format", "raw", "--output", str(folded), "--rate", "100", "--nonblocking")
    return await asyncio.create_subprocess_exec(program, *how, "--duration", "3600", stdout=DEVNULL, stderr=DEVNULL)
