"""What the supervisor runs: a program, how it is stopped and how it is asked whether it is well."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Check = Callable[[], Awaitable[None]]
"""Asks a process whether it is well; raises anything when it is not."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process of the stack. `port` is the name of the setting that moves its port; `stop_seconds` bounds its stop."""

    name: str
    command: tuple[str, ...]
    ports: dict[str, int]
    check: Check
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_seconds: int = 20
