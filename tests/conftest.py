"""What holds for every test run: it takes the stacks it started with it, however it is told to end."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """A SIGTERM (`timeout`, a CI that cancels) ends like Ctrl-C: fixtures are torn down, stacks go down."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
