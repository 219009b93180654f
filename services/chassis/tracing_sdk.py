"""Spans by OpenTelemetry's SDK, sent by OTLP over HTTP. Imported only where traces are on.

A collector that is away, slow, hung or out of its mind costs spans, which are counted, and nothing else: what waits for
it is bounded, it is talked to in a thread of its own, and no more of its answer is read than fits into a page or two.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from prometheus_client import Counter

from services.chassis import tracing
from services.chassis.metrics import REGISTRY
from services.chassis.settings import ServiceSettings
from services.chassis.settings_tracing import headers_of
from services.chassis.tracing_context import Edge
from services.chassis.tracing_otlp import encode
from services.chassis.tracing_span import EndingSpan

FLUSH_SECONDS = 3.0
"""How long a stopping service waits for the collector."""
BATCH = 512
ANSWER_BYTES = 16 * 1024

SPANS = Counter(
    "docuvault_trace_spans",
    "spans that ended: exported, failed at the collector, or dropped",
    ("outcome",),
    registry=REGISTRY,
)


class SdkTracer:
    """tracing.Tracer on the SDK. What comes here is sampled: whether it is was decided before, where it costs less."""

    def __init__(self, sink: Bounded, edge: Edge) -> None:
        self._sink = sink
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
    ) -> EndingSpan:
        """See Tracer."""
        return EndingSpan(self._sink, name, kind, parent, attributes, links)

    async def close(self) -> None:
        """See Tracer. In a thread that nobody waits for any longer than that, should the collector hold it."""
        loop, closed = asyncio.get_running_loop(), asyncio.Event()

        def close() -> None:
            self._sink.shutdown()
            with suppress(RuntimeError):  # the loop is gone: nobody waits any more
                loop.call_soon_threadsafe(closed.set)

        threading.Thread(target=close, name="traces-closing", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await closed.wait()


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


class Bounded:
    """Hands spans to a batch processor while fewer than `room` wait; others are dropped and counted."""

    def __init__(self, exporter: SpanExporter, room: int, delay_ms: int) -> None:
        self._room = room
        self._waiting = 0
        self._lock = threading.Lock()
        self._inner = BatchSpanProcessor(_Counting(exporter, self._left), room, delay_ms, min(BATCH, room))
        self._dropped = SPANS.labels("dropped")

    def on_end(self, span: EndingSpan) -> None:
        """Never waits."""
        with self._lock:
            full = self._waiting >= self._room
            self._waiting += not full
        if full:
            self._dropped.inc()
        else:
            self._inner.on_end(cast("ReadableSpan", span))  # of which it asks for the context and nothing else

    def shutdown(self) -> None:
        """Sends what waits."""
        self._inner.shutdown()  # type: ignore[no-untyped-call]

    def _left(self, count: int) -> None:
        with self._lock:
            self._waiting -= count


class _Exporter(OTLPSpanExporter):
    """The library's connection, its time-outs and its retries, with spans of ours that are written straight."""

    def __init__(self, resource: Mapping[str, str], **options: Any) -> None:  # noqa: ANN401 - as the library has them
        super().__init__(**options)
        self._whose = resource

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """As the library's."""
        if self._shutdown:
            return SpanExportResult.FAILURE
        sent = self._client.export(encode(self._whose, cast("Sequence[EndingSpan]", spans)))
        return SpanExportResult.SUCCESS if sent.success else SpanExportResult.FAILURE


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
    exporter = _Exporter(
        {"service.name": f"docuvault-{settings.service_name}", "service.instance.id": settings.replica},
        endpoint=f"{str(settings.otel_exporter_otlp_endpoint).rstrip('/')}/v1/traces",
        headers=headers_of(settings.otel_exporter_otlp_headers),
        timeout=settings.otel_exporter_otlp_timeout / 1000,
        compression=Compression.NoCompression,  # a share of a share: it would cost more than it saves
        session=_Session(),
    )
    sink = Bounded(exporter, settings.otel_bsp_max_queue_size, settings.otel_bsp_schedule_delay)
    edge = Edge(
        settings.otel_traces_sampler_arg,
        trusted=settings.traces_trust_clients,
        per_second=settings.traces_of_clients_per_second,
    )
    return SdkTracer(sink, edge)
