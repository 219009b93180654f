"""How a service starts, stops and fails: uvloop, signals that finish the work at hand, exit codes with a meaning.

0: stopped when asked to. 1: crashed, with one log line that says why. 2: the settings are wrong, one line on stderr.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable

import structlog
import uvloop

from services.chassis.log_level import listen_for_verbosity
from services.chassis.settings import SettingsError

log = structlog.get_logger(__name__)

STOP_SECONDS = 25.0
"""How long the work at hand may take to finish after a stop was asked for."""
CANCEL_SECONDS = 5.0
"""How long what was then cancelled may take to clean up."""
CRASHED = 1
MISCONFIGURED = 2

Main = Callable[[asyncio.Event], Awaitable[None]]


def run(main: Main, *, stop_seconds: float = STOP_SECONDS) -> None:
    """Runs `main(stop)` until it returns; SIGTERM and SIGINT set `stop`, a second one cancels. Ends the process."""
    _spare_the_collector()
    sys.exit(_exit_code(main, stop_seconds))


def _spare_the_collector() -> None:
    """What was imported stays for good. What comes is looked at less often than by default: services/__init__.py."""
    gc.collect()
    gc.freeze()  # a full collection that walks what was imported halts every request for 20 ms


def _exit_code(main: Main, stop_seconds: float) -> int:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_bounded(main, stop_seconds))
    except SettingsError as error:
        sys.stderr.write(f"settings: {error}\n")
        return MISCONFIGURED
    except asyncio.CancelledError:
        log.warning("service.cut_short", stop_seconds=stop_seconds)
        return CRASHED
    except BaseException as error:
        log.critical("service.crashed", reason=describe(error), exc_info=error)
        return CRASHED
    return 0


async def _bounded(main: Main, stop_seconds: float) -> None:
    stop = asyncio.Event()
    task = asyncio.ensure_future(main(stop))
    _on_signals(stop, task)
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await _finish({task}, stop_seconds)
    await task


def _on_signals(stop: asyncio.Event, task: asyncio.Future[None]) -> None:
    def on_signal() -> None:
        if stop.is_set():
            task.cancel()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    listen_for_verbosity()


class CutShort(Exception):
    """A part of the service is gone, and neither it nor who stops the service knows why."""


async def supervise(
    stop: asyncio.Event, *work: Coroutine[object, object, None], stop_seconds: float = STOP_SECONDS - CANCEL_SECONDS
) -> None:
    """Runs all of `work` side by side until `stop`; the first that fails or ends stops the others.

    What does not end within `stop_seconds` is cancelled. Raises the first failure; CutShort for what ended as if it had
    been cancelled, which a driver's mistaken time-outs can bring about.
    """
    tasks = [asyncio.create_task(each) for each in work]
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
        failed = [task for task in tasks if task.done()]
        stop.set()
        await _finish(tasks, stop_seconds)
    finally:
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.wait({*tasks, stopping}, timeout=CANCEL_SECONDS)
    _raise_first([*failed, *tasks])
    for task in failed:
        if task.cancelled():
            part = getattr(task.get_coro(), "__qualname__", "a part of it")
            raise CutShort(f"{part} was cancelled, and nobody had asked for a stop")


async def _finish(tasks: Iterable[asyncio.Future[None]], seconds: float) -> None:
    """Waits for `tasks`, then cancels what is left and waits a little for that."""
    _, late = await asyncio.wait(set(tasks), timeout=seconds)
    for task in late:
        log.warning("service.work_cut_short", seconds=seconds)
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=CANCEL_SECONDS)


def _raise_first(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            raise error


def describe(error: BaseException) -> str:
    """The class and message of `error`, of each one inside a group."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(describe(inner) for inner in error.exceptions)
    return f"{type(error).__name__}: {error}"
