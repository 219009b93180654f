"""One worker, as its parent sees it: started, asked, ended."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from services.classifier.reading import Reading, Source
from services.classifier.sandbox import protocol, rlimits
from services.classifier.sandbox.confine import ROOT, Layer
from services.classifier.sandbox.libraries import CACHE
from services.classifier.sandbox.limits import Limits
from services.classifier.sandbox.messages import Orders, frame_of_source, reading_of_frame
from services.classifier.sandbox.pipes import Pipes, open_pipes, patient_pipe, wide_pipe
from services.classifier.sandbox.protocol import Frame

MODULE = "services.classifier.sandbox.worker"
MOST_LAST_WORDS = 64 * 1024
PATIENCE_SECONDS = 1.0
"""A process whose pipe ended is about to end, by a cause that is worth knowing."""

ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
    "ORT_DISABLE_TELEMETRY": "1",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKIO_WORKER_THREADS": "1",
}


class StartFailed(Exception):
    """No worker came up; the message says what it said last."""


@dataclass(slots=True)
class Worker:
    """A running process that reads one document at a time."""

    process: Process
    pipes: Pipes
    errors_from: int
    layers: tuple[Layer, ...] = ()
    documents: int = 0
    is_ended: bool = False

    async def ask(self, source: Source, limits: Limits) -> Reading:
        """What it says of the document. Raises EOFError or OSError where it ended, BadFrame where that is nonsense."""
        frame = await self.exchange(frame_of_source(source), limits, limits.most_answer_bytes)
        return reading_of_frame(frame, limits.most_characters)

    async def exchange(self, frame: Frame, limits: Limits, most_answer_bytes: int) -> Frame:
        """What it answers, whatever that is about. Raises as `ask` does."""
        self._drain()
        rlimits.allow_cpu(self.process.pid, limits.cpu_seconds)
        await protocol.send(self.pipes.documents, frame)
        answer = await protocol.receive(self.pipes.answers, most_answer_bytes)
        self.documents += 1
        return answer

    async def ready(self, limits: Limits) -> None:
        """Waits until it can read. Raises StartFailed."""
        try:
            async with asyncio.timeout(limits.start_seconds):
                said = (await protocol.receive(self.pipes.answers, 0)).header["ready"]
            rlimits.bound_address_space(self.process.pid, limits.memory_bytes)
        except (EOFError, OSError, protocol.BadFrame, KeyError) as error:
            raise StartFailed(f"no worker came up: {self._said()[-400:]!r}") from error
        self.layers = tuple(Layer(name) for name in said) if isinstance(said, list) else ()

    def is_spent(self, limits: Limits) -> bool:
        """It has read enough, or keeps too much."""
        try:
            grown = rlimits.resident(self.process.pid) > limits.recycle_bytes
        except OSError:
            return True
        return grown or self.documents >= limits.documents

    def waited(self) -> float:
        """Seconds it has waited for a core so far; 0 of one that is gone."""
        try:
            return rlimits.waited(self.process.pid)
        except OSError:
            return 0.0

    async def ended(self) -> tuple[int | None, bytes]:
        """The return code of one that seems to have ended, None of one that has not, and what it said last."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.process.wait()
        return self.process.returncode, self._said()

    async def end(self) -> int:
        """Kills it, unless it ended itself; its return code. No process is left. It may be said twice."""
        if not self.is_ended:
            self.is_ended = True
            self.pipes.close()
            os.close(self.errors_from)
        with suppress(ProcessLookupError):
            self.process.kill()
        return await self.process.wait()

    def _drain(self) -> None:
        """Libraries may print: forgotten, so that there is room for what matters."""
        self._said()

    def _said(self) -> bytes:
        if self.is_ended:
            return b""
        try:
            return os.read(self.errors_from, MOST_LAST_WORDS)
        except OSError:
            return b""


def environment(orders: Orders) -> dict[str, str]:
    """All of a worker's environment: nothing of the service's own."""
    more = {"TMPDIR": orders.libraries, "KREUZBERG_CACHE_DIR": str(Path(orders.libraries) / CACHE)}
    if orders.tessdata:
        more["TESSDATA_PREFIX"] = orders.tessdata
    return ENVIRONMENT | more


async def spawn(orders: Orders, module: str = MODULE) -> Worker:
    """A new process in a session of its own, not ready yet. Raises OSError."""
    with ExitStack() as theirs, ExitStack() as ours:
        documents, documents_to = wide_pipe()
        theirs.callback(os.close, documents)
        answers_from, answers = wide_pipe()
        theirs.callback(os.close, answers)
        errors_from, errors = patient_pipe()
        theirs.callback(os.close, errors)
        ours.callback(os.close, errors_from)
        pipes = await open_pipes(documents_to, answers_from)
        ours.callback(pipes.close)
        process = await _run(orders, module, (documents, answers, errors))
        ours.pop_all()
    return Worker(process, pipes, errors_from)


async def _run(orders: Orders, module: str, descriptors: tuple[int, int, int]) -> Process:
    command = (sys.executable, "-s", "-P", "-B", "-m", module, orders.to_argument())
    stdin, stdout, stderr = descriptors
    return await asyncio.create_subprocess_exec(
        *command, stdin=stdin, stdout=stdout, stderr=stderr, cwd="/", env=environment(orders), start_new_session=True
    )
