"""A span that is under way, and the SDK's own form of it, which is made once it has ended.

The SDK's tracer costs 30 us a span, most of it for what nobody here uses: contexts of its own, a sampler, copies of
attributes, locks. Its spans, its processor and its exporter are used as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Token
from secrets import token_hex
from time import time_ns
from types import TracebackType
from typing import Protocol, Self

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from services.chassis import tracing
from services.chassis.tracing_context import parsed

_KINDS = {kind: SpanKind[kind.upper()] for kind in ("internal", "server", "client", "producer", "consumer")}
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_WELL, _FAILED = Status(StatusCode.UNSET), Status(StatusCode.ERROR)
_SCOPE = InstrumentationScope("docuvault")


class Sink(Protocol):
    """Where spans go that have ended, and whose they are."""

    resource: Resource

    def on_end(self, span: ReadableSpan) -> None:
        """Never waits."""
        ...


class EndingSpan:
    """tracing.Span. It hands the SDK's form of it to its sink when its block ends."""

    __slots__ = ("_about", "_began", "_id", "_links", "_parent", "_sink", "_status", "_token", "_trace", "traceparent")

    def __init__(  # noqa: PLR0913, PLR0917 - what a span is made of
        self,
        sink: Sink,
        name: str,
        kind: tracing.Kind,
        parent: str | None,
        attributes: tracing.Attributes,
        links: Sequence[str],
    ) -> None:
        found = parsed(parent) if parent else None
        self._trace, self._parent = found or (token_hex(16), "")
        self._id = token_hex(8)
        self.traceparent = f"00-{self._trace}-{self._id}-01"
        self._sink, self._links, self._status = sink, links, _WELL
        self._about = name, kind, dict(attributes)
        self._token: Token[tracing.Span | None] | None = None
        self._began = time_ns()

    def note(self, name: str, value: str | float) -> None:
        """One more attribute."""
        self._about[2][name] = value

    def fail(self, kind: str) -> None:
        """See tracing.Span."""
        self.note("error.type", kind)
        self._status = _FAILED

    def __enter__(self) -> Self:
        self._token = tracing.enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """An error is told by its class alone: its message may hold what a user wrote."""
        if self._token is not None:
            tracing.leave(self._token)
        if kind is not None:
            self.fail(kind.__name__)
        self._sink.on_end(self._ended())

    def _ended(self) -> ReadableSpan:
        name, kind, attributes = self._about
        return ReadableSpan(
            name,
            _context(self._trace, self._id, remote=False),
            _context(self._trace, self._parent, remote=True) if self._parent else None,
            self._sink.resource,
            attributes,
            links=[Link(_context(*found, remote=True)) for each in self._links if (found := parsed(each))],
            kind=_KINDS[kind],
            status=self._status,
            start_time=self._began,
            end_time=time_ns(),
            instrumentation_scope=_SCOPE,
        )


def _context(trace: str, span: str, *, remote: bool) -> SpanContext:
    return SpanContext(int(trace, 16), int(span, 16), remote, _SAMPLED)
