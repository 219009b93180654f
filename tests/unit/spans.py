"""A tracer in memory, and traceparents that are easy to tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import Token
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Self

from services.chassis import tracing


def trace(number: int, span: int = 1, flags: str = "01") -> str:
    """The traceparent of a span in trace `number`."""
    return f"00-{number:032x}-{span:016x}-{flags}"


@dataclass
class Made:
    """A span that was made."""

    name: str
    kind: tracing.Kind
    parent: str | None
    attributes: dict[str, str | int | float | bool]
    links: tuple[str, ...]
    traceparent: str
    failed: str | None = None
    ended: bool = False
    _token: Token[tracing.Span | None] | None = None

    def note(self, name: str, value: str | float) -> None:
        self.attributes[name] = value

    def fail(self, kind: str) -> None:
        self.failed = kind

    def __enter__(self) -> Self:
        self._token = tracing.enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._token is not None:
            tracing.leave(self._token)
        self.failed, self.ended = kind.__name__ if kind else self.failed, True


@dataclass
class Memory:
    """tracing.Tracer that keeps what it makes; a trace that begins with it is numbered from 1,000 on."""

    sampling: bool = True
    made: list[Made] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1000))

    def samples(self, given: str) -> bool:
        return self.sampling and given is not None

    def start(
        self,
        name: str,
        kind: tracing.Kind,
        parent: str | None,
        attributes: tracing.Attributes,
        links: Sequence[str] = (),
    ) -> Made:
        number = next(self._numbers)
        of = parent[3:35] if parent else f"{number:032x}"
        self.made.append(Made(name, kind, parent, dict(attributes), tuple(links), f"00-{of}-{number:016x}-01"))
        return self.made[-1]

    async def close(self) -> None:
        """Nothing is left."""

    def named(self, name: str) -> list[Made]:
        """Those of this name."""
        return [each for each in self.made if each.name == name]


@contextmanager
def remembered(*, sampling: bool = True) -> Iterator[Memory]:
    """Traces are on inside, and kept."""
    memory = Memory(sampling)
    with tracing.installed(memory):
        yield memory
