"""Spans by OpenTelemetry's SDK, sent by OTLP over HTTP. Imported only where traces are on.

A collector that is away, slow, hung or out of its mind costs spans, which are counted, and nothing else: what waits for
it is bounded, it is talked to in a thread of its own, and no more of its answer is read than fits into a page or two.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Token
from types import TracebackType
from typing import Any, Self

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as OtelSpan
from prometheus_client import Counter

from services.chassis import tracing
from services.chassis.metrics import REGISTRY
from services.chassis.settings import ServiceSettings
from services.chassis.settings_tracing import headers_of
from services.chassis.tracing_context import Edge, parsed
from services.chassis.tracing_kafka import MOST_LINKS

FLUSH_SECONDS = 3.0
"""How long a stopping service waits for the collector."""
BATCH = 512
ANSWER_BYTES = 16 * 1024
_KINDS = {kind: SpanKind[kind.upper()] for kind in ("internal", "server", "client", "producer", "consumer")}
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)

SPANS = Counter(
    "docuvault_trace_spans",
    "spans that ended: exported, failed at the collector, or dropped",
    ("outcome",),
    registry=REGISTRY,
)


class _Span:
    """tracing.Span on the SDK's."""

    __slots__ = ("_span", "_token", "traceparent")

    def __init__(self, span: OtelSpan) -> None:
        context = span.get_span_context()
        self._span = span
        self._token: Token[tracing.Span | None] | None = None
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-01"

    def note(self, name: str, value: str | float) -> None:
        """One more attribute."""
        self._span.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        """See tracing.Span."""
        self._span.set_attribute("error.type", kind)
        self._span.set_status(StatusCode.ERROR)

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
        self._span.end()


class SdkTracer:
    """tracing.Tracer on the SDK. What comes here is sampled: whether it is was decided before, where it costs less."""

    def __init__(self, provider: TracerProvider, edge: Edge) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("docuvault")
        self._edge = edge

    def samples(self, given: str) -> bool:
        """See Tracer."""
        return self._edge.samples(given)

    def start(
        self,
        name: str,
        kind: tracing.Kind,
        parent: str | None,
        attributes: tracing.Attributes,
        links: Sequence[str] = (),
    ) -> _Span:
        """See Tracer."""
        context = _context(parent)
        inside = set_span_in_context(NonRecordingSpan(context)) if context else set_span_in_context(_NOBODY)
        linked = [Link(each) for link in links if (each := _context(link))]
        return _Span(self._tracer.start_span(name, inside, _KINDS[kind], attributes, linked))

    async def close(self) -> None:
        """See Tracer. In a thread that nobody waits for any longer than that, should the collector hold it."""
        loop, closed = asyncio.get_running_loop(), asyncio.Event()

        def close() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop is gone: nobody waits any more
                loop.call_soon_threadsafe(closed.set)

        threading.Thread(target=close, name="traces-closing", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await closed.wait()


_NOBODY = NonRecordingSpan(SpanContext(0, 0, is_remote=False))


def _context(traceparent: str | None) -> SpanContext | None:
    found = parsed(traceparent or "")
    return SpanContext(int(found[0], 16), int(found[1], 16), is_remote=True, trace_flags=_SAMPLED) if found else None


class _Session(requests.Session):
    """Reads no proxy and no password from the environment, and of an answer only what is small."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401 - as the library has it
        """The answer, whose body is read to its end where it is small, so that the connection may serve again."""
        response = super().send(request, **{**options, "stream": True})
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) <= ANSWER_BYTES:
            response.raw.read(int(length), decode_content=False)
        response.close()
        return response


class Bounded(SpanProcessor):
    """Hands spans to a batch processor while fewer than `room` wait; others are dropped and counted."""

    def __init__(self, exporter: SpanExporter, room: int, delay_ms: int) -> None:
        self._room = room
        self._waiting = 0
        self._lock = threading.Lock()
        self._inner = BatchSpanProcessor(_Counting(exporter, self._left), room, delay_ms, min(BATCH, room))
        self._dropped = SPANS.labels("dropped")

    def on_end(self, span: ReadableSpan) -> None:
        """Never waits."""
        with self._lock:
            full = self._waiting >= self._room
            self._waiting += not full
        if full:
            self._dropped.inc()
        else:
            self._inner.on_end(span)

    def shutdown(self) -> None:
        """Sends what waits."""
        self._inner.shutdown()  # type: ignore[no-untyped-call]

    def _left(self, count: int) -> None:
        with self._lock:
            self._waiting -= count


class _Counting(SpanExporter):
    """Counts what became of what was sent, and gives its room back once that is known."""

    def __init__(self, exporter: SpanExporter, left: Any) -> None:  # noqa: ANN401 - a callable
        self._exporter = exporter
        self._left = left

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """One request of the collector, with its retries."""
        outcome = SpanExportResult.FAILURE
        try:
            outcome = self._exporter.export(spans)
        finally:
            self._left(len(spans))
            SPANS.labels("exported" if outcome is SpanExportResult.SUCCESS else "failed").inc(len(spans))
        return outcome

    def shutdown(self) -> None:
        """Ends a retry that waits."""
        self._exporter.shutdown()


def open_tracer(settings: ServiceSettings) -> SdkTracer:
    """Connects to nothing yet."""
    exporter = OTLPSpanExporter(
        endpoint=f"{str(settings.otel_exporter_otlp_endpoint).rstrip('/')}/v1/traces",
        headers=headers_of(settings.otel_exporter_otlp_headers),
        timeout=settings.otel_exporter_otlp_timeout / 1000,
        compression=Compression.NoCompression,  # a share of a share: it would cost more than it saves
        session=_Session(),
    )
    who = {"service.name": f"docuvault-{settings.service_name}", "service.instance.id": settings.replica}
    provider = TracerProvider(
        sampler=ALWAYS_ON, resource=Resource(who), shutdown_on_exit=False, span_limits=SpanLimits(max_links=MOST_LINKS)
    )
    provider.add_span_processor(Bounded(exporter, settings.otel_bsp_max_queue_size, settings.otel_bsp_schedule_delay))
    edge = Edge(
        settings.otel_traces_sampler_arg,
        trusted=settings.traces_trust_clients,
        per_second=settings.traces_of_clients_per_second,
    )
    return SdkTracer(provider, edge)
