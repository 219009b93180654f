"""What holds for every test run: it takes the stacks it started with it, however told to end, and wastes little."""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from collections.abc import Generator
from types import FrameType

import pytest
import structlog

COLLECT_EVERY = 50_000
"""As services do (services/__init__.py)."""
GOODBYE_SECONDS = 2.0
_loops_close = asyncio.SelectorEventLoop.close


def pytest_configure() -> None:
    """A SIGTERM (`timeout`, a CI that cancels) ends like Ctrl-C: fixtures are torn down, stacks go down."""
    signal.signal(signal.SIGTERM, _end)
    _log_plainly()
    asyncio.SelectorEventLoop.close = _close_when_parted  # type: ignore[method-assign, assignment]


def _log_plainly() -> None:
    """Tracebacks as Python writes them: with all variables, as rich draws them, one takes half a processor-second."""
    renderer = structlog.get_config()["processors"][-1]  # the default one, which `reset_defaults` brings back
    renderer.exception_formatter = structlog.dev.plain_traceback


def pytest_collection_finish() -> None:
    """What was imported stays: nobody looks for garbage in it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """A folder's stack goes down with the last test that uses it: else it idles beside others to the session's end.

    Pytest's scope for that, `package`, is that of folders with an `__init__.py`, and ours have none.
    """
    yield
    if nextitem is None or nextitem.path == item.path:
        return
    items, place = item.session.items, item.session.items.index(nextitem)
    for unused in {_stack_of(each) for each in items[:place]} - {_stack_of(each) for each in items[place:]}:
        if unused is not None and unused.cached_result is not None:
            unused.finish(item._request)  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way


def _stack_of(item: pytest.Item) -> pytest.FixtureDef[object] | None:
    """The fixture `stack` that it uses, the nearest of that name."""
    known = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}  # noqa: SLF001 - there is no public way
    return known["stack"][-1] if "stack" in known else None


def _close_when_parted(loop: asyncio.SelectorEventLoop) -> None:
    """A connection by TLS that was closed waits for its peer's goodbye, and drivers do not always wait for that.

    A loop that ends before is, on a busy machine, a leak that pytest sees in whichever test runs when it is collected.
    """
    end = time.monotonic() + GOODBYE_SECONDS
    while _open(loop) and time.monotonic() < end:
        loop.run_until_complete(asyncio.sleep(0.01))
    _loops_close(loop)


def _open(loop: asyncio.SelectorEventLoop) -> bool:
    if loop.is_closed():
        return False
    return any(each._sock is not None for each in loop._transports.values())  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way


def _end(number: int, frame: FrameType | None) -> None:
    """Only once: who signals a whole group of processes tells some of them twice, the second time in mid-teardown.

    As a Ctrl-C would in this moment: an event loop that runs cancels what it was begun for. Raised in one of its tasks
    instead, it would be raised again by who waits for that task, in mid-teardown.
    """
    signal.signal(number, signal.SIG_IGN)
    by_hand = signal.getsignal(signal.SIGINT)
    (by_hand if callable(by_hand) else signal.default_int_handler)(signal.SIGINT, frame)
