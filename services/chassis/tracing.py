"""Spans of what is sampled; nothing, at next to no cost, of all else. The SDK is imported only where traces are on.

    with span("confirm.wait"):
        …

makes a span below the one that is under way in this task, and none where none is. Spans begin at four places: a
request (`serving`), a batch of records (tracing_kafka.py), a document that is classified (`continuing`), and work that
nobody asked for (`beginning`): a job, a round of the outbox's relay.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol, Self

from services.chassis.tracing_context import fresh, is_sampled, trace_id_of

if TYPE_CHECKING:
    from services.chassis.settings import ServiceSettings

Kind = Literal["internal", "server", "client", "producer", "consumer"]
Attributes = Mapping[str, str | int | float | bool]
"""Never what a user wrote, a URL, a key or a token: names, sizes, places and outcomes."""


class Span(Protocol):
    """Under way inside its block, and the parent of what is begun there. It ends with the block, which may fail."""

    @property
    def traceparent(self) -> str:
        """What is sent along with what it causes; "" where nothing is traced."""

    def note(self, name: str, value: str | float) -> None:
        """One more attribute."""
        ...

    def fail(self, kind: str) -> None:
        """It did not go well; `kind` is a class or a status, never a message."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Tracer(Protocol):
    """Makes spans."""

    def samples(self, given: str) -> bool:
        """Whether a request that came with this traceparent is traced."""
        ...

    def start(
        self, name: str, kind: Kind, parent: str | None, attributes: Attributes, links: Sequence[str] = ()
    ) -> Span:
        """A span that has begun, below `parent`, or the first of a trace. Parents and links are traceparents."""
        ...

    async def close(self) -> None:
        """Sends what is left, within a bound."""
        ...


class _Silent:
    """Where nothing is traced."""

    __slots__ = ("traceparent",)

    def __init__(self, traceparent: str = "") -> None:
        self.traceparent = traceparent

    def note(self, name: str, value: str | float) -> None:
        """Nothing."""

    def fail(self, kind: str) -> None:
        """Nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing."""


class _Installed:
    """The process's tracer."""

    tracer: Tracer | None = None


SILENT = _Silent()
_CURRENT: ContextVar[Span | None] = ContextVar("docuvault_span", default=None)


def tracer() -> Tracer | None:
    """The process's tracer, where traces are on."""
    return _Installed.tracer


def current() -> Span | None:
    """The span that is under way in this task."""
    return _CURRENT.get()


def enter(span: Span) -> Token[Span | None]:
    """Makes `span` the one that is under way; for who implements Span."""
    return _CURRENT.set(span)


def leave(token: Token[Span | None]) -> None:
    """Undoes `enter`."""
    _CURRENT.reset(token)


def span(name: str, kind: Kind = "internal", attributes: Attributes | None = None) -> Span:
    """A part of what is under way."""
    parent, made_by = _CURRENT.get(), _Installed.tracer
    if parent is None or made_by is None:
        return SILENT
    return made_by.start(name, kind, parent.traceparent, attributes or {})


def serving(given: str, name: str, attributes: Attributes) -> Span:
    """A request that came with the traceparent `given`; sampled or not, its own goes on in all that it causes."""
    made_by = _Installed.tracer
    if made_by is None or not made_by.samples(given):
        return unsampled(given)
    parent = given if trace_id_of(given) else None
    return made_by.start(name, "server", parent, attributes)


def unsampled(given: str) -> Span:
    """A request that is not traced, and has a traceparent of its own all the same: logs go by it."""
    return _Silent(fresh(given))


def continuing(traceparent: str | None, name: str, attributes: Attributes | None = None) -> Span:
    """Work of a trace that rested somewhere, such as in a table."""
    made_by = _Installed.tracer
    if made_by is None or not is_sampled(traceparent):
        return SILENT
    return made_by.start(name, "internal", traceparent, attributes or {})


def beginning(name: str, attributes: Attributes | None = None, links: Sequence[str] = ()) -> Span:
    """Work that nobody asked for: a trace of its own, of which as large a share is sampled as of requests."""
    made_by = _Installed.tracer
    if made_by is None or not made_by.samples(""):
        return SILENT
    return made_by.start(name, "internal", None, attributes or {}, links)


def below(traceparent: str | None) -> str | None:
    """The same trace, from the span that is under way where that is one of it."""
    now = _CURRENT.get()
    if now is None or trace_id_of(now.traceparent) != trace_id_of(traceparent):
        return traceparent
    return now.traceparent


@asynccontextmanager
async def open_tracing(settings: ServiceSettings) -> AsyncIterator[None]:
    """Traces inside the block, where the settings name a collector; what is left is sent at its end, or dropped."""
    if settings.otel_exporter_otlp_endpoint is None:
        yield
        return
    from services.chassis.tracing_sdk import open_tracer  # noqa: PLC0415 - it takes time and memory: where it is used

    with installed(made := open_tracer(settings)):
        try:
            yield
        finally:
            await made.close()


class installed:  # noqa: N801 - it reads as a function
    """Inside the block the process's spans are made by `tracer`."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __enter__(self) -> None:
        self._before, _Installed.tracer = _Installed.tracer, self._tracer

    def __exit__(self, *_: object) -> None:
        _Installed.tracer = self._before
