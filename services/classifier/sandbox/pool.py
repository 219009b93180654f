"""The workers of one service: a document goes to whichever is free, and a worker that broke is replaced."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from types import TracebackType
from typing import Self

import structlog

from services.chassis.errors import Transient
from services.classifier.metrics import EXTRACTION_SECONDS, KILLED
from services.classifier.reading import NoText, Reading, Source, Text, Unreadable
from services.classifier.sandbox.confine import Layer
from services.classifier.sandbox.endings import outcome_of_end
from services.classifier.sandbox.libraries import unpacked
from services.classifier.sandbox.limits import Limits, Surroundings
from services.classifier.sandbox.messages import Orders
from services.classifier.sandbox.process import MODULE, StartFailed, Worker, spawn
from services.classifier.sandbox.protocol import BadFrame, Frame
from services.classifier.sandbox.slot import Slot

log = structlog.get_logger()

WITHOUT_NETWORK = frozenset({Layer.NAMESPACES, Layer.SECCOMP})
"""Either of these layers keeps a worker from every network."""

_ATTEMPTS = 2
"""A worker that somebody else killed (the kernel, short of memory; a person) is no verdict on its document, once."""


class NotIsolated(Exception):
    """Workers could reach a network on this machine, and the operator wants none that can."""


class Pool:
    """A Reader of `workers` processes that run `module`, started at the first documents; `async with` ends them all."""

    def __init__(
        self, limits: Limits, workers: int, surroundings: Surroundings | None = None, module: str = MODULE
    ) -> None:
        self._limits = limits
        self._surroundings = surroundings or Surroundings()
        tessdata, nice = self._surroundings.tessdata, self._surroundings.nice
        self._orders = Orders(
            limits.most_characters, limits.memory_bytes, tessdata=str(tessdata) if tessdata else None, nice=nice
        )
        self._module = module
        self._slots = [Slot(self._start) for _ in range(workers)]
        self._free: asyncio.LifoQueue[Slot] = asyncio.LifoQueue()
        for slot in self._slots:
            self._free.put_nowait(slot)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        await asyncio.gather(*(slot.close() for slot in self._slots))

    async def check(self) -> tuple[Layer, ...]:
        """Which layers a worker has on this machine; said in the log. Raises NotIsolated, or Transient: none starts."""
        probe = await self._start(is_probe=True)
        await probe.end()
        missing = [layer.value for layer in Layer if layer not in probe.layers]
        log.info("classifier.sandbox", layers=[layer.value for layer in probe.layers], missing=missing)
        return probe.layers

    async def read(self, source: Source) -> Reading:
        """See reading.Reader. A caller that is cancelled takes the worker with it."""
        slot = await self._free.get()
        try:
            return await self._read_in(slot, source)
        finally:
            self._free.put_nowait(slot)

    async def exchange(self, frame: Frame, most_answer_bytes: int) -> Frame | None:
        """What a worker of another module answers; None where two broke over it. Raises Transient as `read` does."""
        slot = await self._free.get()
        try:
            for _ in range(_ATTEMPTS):
                answer = await self._exchange_in(slot, await slot.worker(), frame, most_answer_bytes)
                if answer is not None:
                    return answer
        finally:
            self._free.put_nowait(slot)
        return None

    async def _exchange_in(self, slot: Slot, worker: Worker, frame: Frame, most_answer_bytes: int) -> Frame | None:
        answer, waited = None, worker.waited()
        try:
            async with asyncio.timeout(self._limits.wall_seconds):
                answer = await worker.exchange(frame, self._limits, most_answer_bytes)
        except TimeoutError:
            self._check_fed(worker.waited() - waited)
        except (BadFrame, EOFError, OSError):
            log.warning("classifier.worker_broken", module=self._module, code=worker.process.returncode)
        finally:
            if answer is None:
                slot.renew()
                await worker.end()
        return answer

    async def _read_in(self, slot: Slot, source: Source) -> Reading:
        for _ in range(_ATTEMPTS):
            reading = await self._attempt(slot, await slot.worker(), source)
            if reading is not None:
                return reading
        return NoText(Unreadable.UNREADABLE)

    async def _attempt(self, slot: Slot, worker: Worker, source: Source) -> Reading | None:
        """As `_ask`; a worker that cannot go on, or whose caller is cancelled, is ended and another one starts."""
        can_go_on = False
        try:
            reading, can_go_on = await self._ask(worker, source)
        finally:
            if not can_go_on:
                slot.renew()
                await worker.end()
        return reading

    async def _ask(self, worker: Worker, source: Source) -> tuple[Reading | None, bool]:
        """What it says, or its end says (None: nothing of the document); and whether it can go on. Raises Transient."""
        waited, began = worker.waited(), time.perf_counter()
        try:
            async with asyncio.timeout(self._limits.wall_seconds):
                reading = await worker.ask(source, self._limits)
        except TimeoutError:
            self._check_fed(worker.waited() - waited)
            return _broken(worker, Unreadable.TOO_SLOW, began), False
        except BadFrame:
            return _broken(worker, Unreadable.UNREADABLE, began), False
        except (EOFError, OSError):
            return _broken(worker, outcome_of_end(*await worker.ended()), began), False
        outcome = "text" if isinstance(reading, Text) else "no_text"
        EXTRACTION_SECONDS.labels(outcome).observe(time.perf_counter() - began)
        return reading, not worker.is_spent(self._limits)

    async def _start(self, *, is_probe: bool = False) -> Worker:
        orders = replace(self._orders, is_probe=is_probe, libraries=str(await unpacked(self._surroundings.libraries)))
        try:
            worker = await spawn(orders, self._module)
        except OSError as error:
            raise Transient(f"no worker can be started: {error}") from error
        try:
            await worker.ready(self._limits)
            self._check_isolation(worker)
        except StartFailed as error:
            await worker.end()
            raise Transient(str(error)) from error
        except BaseException:
            await worker.end()
            raise
        return worker

    def _check_fed(self, waited: float) -> None:
        """Raises Transient where it was the machine that had no time for the document, and not the other way round."""
        if waited > self._limits.starved_share * self._limits.wall_seconds:
            raise Transient(f"a reader got no core for {waited:.0f} s: the machine is busy with other things")

    def _check_isolation(self, worker: Worker) -> None:
        if self._surroundings.must_be_isolated and WITHOUT_NETWORK.isdisjoint(worker.layers):
            has = ", ".join(worker.layers) or "none"
            raise NotIsolated(f"neither seccomp nor a network namespace can be had here; layers: {has}")


def _broken(worker: Worker, why: Unreadable | None, began: float) -> Reading | None:
    EXTRACTION_SECONDS.labels("killed").observe(time.perf_counter() - began)
    KILLED.labels(why or "nothing").inc()
    log.warning("classifier.worker_broken", why=why, code=worker.process.returncode, documents=worker.documents)
    return NoText(why) if why else None
