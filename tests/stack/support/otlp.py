"""A collector of the tests' own: takes OTLP over HTTP on a port of its own, and keeps what it is sent."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

Mood = Literal["well", "broken", "busy", "hung", "dripping", "babbling"]
"""As it is: answers 200; 500; 503; nothing at all; a byte now and then for ever; ever more of what is no answer."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as it was sent; ids in hex, `parent` "" for the first of a trace."""

    trace: str
    id: str
    parent: str
    name: str
    kind: str
    service: str
    replica: str
    attributes: dict[str, object]
    links: tuple[tuple[str, str], ...]
    failed: bool

    @property
    def traceparent(self) -> str:
        """As it is sent along."""
        return f"00-{self.trace}-{self.id}-01"


@dataclass
class Collector:
    """What came, in order. `mood` may be changed at any time."""

    url: str = ""
    mood: Mood = "well"
    spans: list[Seen] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def of(self, trace: str) -> list[Seen]:
        """The spans of a trace."""
        return [span for span in self.spans if span.trace == trace]

    async def take(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/traces."""
        body = await request.read()
        self.headers.append(dict(request.headers))
        self.asked.set()
        if self.mood == "well":
            self.spans += read(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
            return web.Response(body=b"", content_type="application/x-protobuf")
        if self.mood in {"broken", "busy"}:
            return web.Response(status=500 if self.mood == "broken" else 503)
        return await self._for_ever(request)

    async def _for_ever(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        while self.mood == "hung":  # noqa: ASYNC110 - the mood is anybody's to change
            await asyncio.sleep(0.05)
        await response.prepare(request)
        while self.mood in {"dripping", "babbling"}:
            await response.write(b"x" if self.mood == "dripping" else b"garbage " * 8192)
            await asyncio.sleep(0.05 if self.mood == "dripping" else 0)
        return response


def read(body: bytes) -> list[Seen]:
    """The spans of an export. Raises DecodeError for what is none."""
    export = ExportTraceServiceRequest()
    export.ParseFromString(body)
    return [
        _seen(span, {each.key: _value(each.value) for each in resource.resource.attributes})
        for resource in export.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _seen(span: SpanMessage, who: dict[str, object]) -> Seen:
    return Seen(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        SpanMessage.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower(),
        str(who["service.name"]),
        str(who["service.instance.id"]),
        _pairs(span.attributes),
        tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        span.status.code == 2,
    )


def _pairs(found: object) -> dict[str, object]:
    return {each.key: _value(each.value) for each in found if isinstance(each, KeyValue)}  # type: ignore[attr-defined]


def _value(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else None


@asynccontextmanager
async def open_collector(port: int = 0) -> AsyncIterator[Collector]:
    """A collector that listens, on any free port unless told which."""
    collector = Collector()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield collector
    finally:
        collector.mood = "well"
        await runner.cleanup()
