"""Keeps what drivers and the chassis log to themselves away from a person's terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, nothing is logged; what a command has to say it says itself."""
    nothing = logging.NullHandler()
    logging.getLogger().addHandler(nothing)  # else the drivers' own laments go to standard error
    try:
        with _quiet_structlog():
            yield
    finally:
        logging.getLogger().removeHandler(nothing)


def _drop(*_: object) -> NoReturn:
    from structlog import DropEvent  # noqa: PLC0415 - see below

    raise DropEvent


@contextmanager
def _quiet_structlog() -> Iterator[None]:
    """Its default is standard output."""
    import structlog  # noqa: PLC0415 - the help of a command does not wait for it

    was = structlog.get_config() if structlog.is_configured() else None
    structlog.configure(processors=[_drop])
    try:
        yield
    finally:
        structlog.reset_defaults()
        if was is not None:
            structlog.configure(**was)
