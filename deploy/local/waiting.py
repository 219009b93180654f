"""Waiting with an end."""

from __future__ import annotations

import time
from collections.abc import Callable

from deploy.local.errors import StackError

POLL_SECONDS = 0.05


def wait_until(true: Callable[[], bool], seconds: float, otherwise: Callable[[], str]) -> None:
    """Returns when `true` is; raises StackError with the words of `otherwise` when it is not within `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise StackError(otherwise())
        time.sleep(POLL_SECONDS)
