"""Waits until processes are well, and says which is not and where its log is."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Sequence

from deploy.local.errors import StackError, one_line
from deploy.local.layout import Layout
from deploy.local.programs import Program
from deploy.local.supervisor import Supervisor

POLL_SECONDS = 0.1
CHECK_SECONDS = 5.0
RECENT_LINES = 20
LONGEST_WORDS = 300
_ERROR = re.compile(r"\b(FATAL|ERROR|CRITICAL)\b|\"level\": ?\"(error|fatal|critical)\"|^\w*Error\b", re.IGNORECASE)

FUTILE_STARTS = 4
"""A process that was started this often and never became well will not: the rest of the wait is spared."""


async def is_well(program: Program) -> str:
    """The reason why a program is not well; empty when it is."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await program.check()
    except Exception as error:  # noqa: BLE001 - whatever a client raises: the server does not answer as it should
        return one_line(error)
    return ""


async def wait_until_well(
    programs: Sequence[Program], supervisor: Supervisor, layout: Layout, timeout_seconds: float
) -> None:
    """Returns when every program is well. Raises StackError for the first that is not in time, or keeps dying."""
    end = time.monotonic() + timeout_seconds
    await asyncio.gather(*(_wait(program, supervisor, layout, end) for program in programs))


async def _wait(program: Program, supervisor: Supervisor, layout: Layout, end: float) -> None:
    starts: set[int] = set()
    while reason := await is_well(program):
        process = (await asyncio.to_thread(supervisor.processes))[program.name]
        starts.add(process.started)
        if len(starts) >= FUTILE_STARTS:
            raise StackError(f"{program.name} keeps ending: {last_line(layout, program.name)}")
        if time.monotonic() > end:
            log = layout.log(program.name)
            raise StackError(f"{program.name} is not well ({process.state}: {reason}); its log is {log}")
        await asyncio.sleep(POLL_SECONDS)


def last_line(layout: Layout, name: str) -> str:
    """The last words of a process, of an error where there is one, and where its log is."""
    path = layout.log(name)
    lines = path.read_text(errors="replace").strip().splitlines()[-RECENT_LINES:] if path.exists() else []
    errors = [line for line in lines if _ERROR.search(line)]
    last = (errors or lines or ["it said nothing"])[-1]
    return f"{_words(last)}; its log is {path}"


def _words(line: str) -> str:
    """What a line of a log says: of a structured one, the event and its reason."""
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return line[:LONGEST_WORDS]
    told = [str(said[key]) for key in ("event", "msg", "message", "reason", "error") if said.get(key)]
    return ": ".join(told)[:LONGEST_WORDS] or line[:LONGEST_WORDS]
