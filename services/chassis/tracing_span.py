"""A span that is under way, and what is told of it once it has ended (tracing_otlp.py).

The SDK's tracer costs 30 us a span, most of it for what nobody here uses: contexts of its own, a sampler, copies of
attributes, locks; its own form of an ended one costs 7 more. Its batch processor and its exporter are used as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Token
from secrets import token_hex
from time import time_ns
from types import TracebackType
from typing import Protocol, Self

from opentelemetry.trace import SpanContext, TraceFlags

from services.chassis import tracing
from services.chassis.tracing_context import parsed


class Sink(Protocol):
    """Where spans go that have ended."""

    def on_end(self, span: EndingSpan) -> None:
        """Never waits."""
        ...


class EndingSpan:
    """tracing.Span. It goes to its sink when its block ends; ids are in hex, times in ns since 1970."""

    __slots__ = (
        *("_sink", "_token", "attributes", "began", "ended", "failed", "kind", "links", "name", "parent_id", "span_id"),
        *("trace_id", "traceparent"),
    )
    context = SpanContext(1, 1, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    """All that the SDK's processor asks of a span: that it is sampled."""

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
        self.trace_id, self.parent_id = found or (token_hex(16), "")
        self.span_id = token_hex(8)
        self.traceparent = f"00-{self.trace_id}-{self.span_id}-01"
        self.name, self.kind, self.attributes, self.links = name, kind, dict(attributes), links
        self.failed = False
        self._sink = sink
        self._token: Token[tracing.Span | None] | None = None
        self.began = self.ended = time_ns()

    def note(self, name: str, value: str | float) -> None:
        """One more attribute."""
        self.attributes[name] = value

    def fail(self, kind: str) -> None:
        """See tracing.Span."""
        self.note("error.type", kind)
        self.failed = True

    def __enter__(self) -> Self:
        self._token = tracing.enter(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """An error is told by its class alone: its message may hold what a user wrote."""
        if self._token is not None:
            tracing.leave(self._token)
            self._token = None
        if kind is not None:
            self.fail(kind.__name__)
        self.ended = time_ns()
        self._sink.on_end(self)
