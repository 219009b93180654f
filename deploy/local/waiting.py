"""Waiting with an end, and for what is asynchronous."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from deploy.local.errors import StackError

POLL_SECONDS = 0.05

T = TypeVar("T")


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns, run to its end also where the caller's thread has an event loop of its own."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def wait_until(true: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    """Returns when `true` is; raises StackError with the words of `otherwise` when it is not within `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise StackError(otherwise())
        time.sleep(POLL_SECONDS)
