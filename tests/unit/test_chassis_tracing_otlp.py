"""What is sent means what the library's own encoder would have said, and is read by its own decoder."""

from __future__ import annotations

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from services.chassis.tracing import Attributes
from services.chassis.tracing_context import parsed
from services.chassis.tracing_otlp import SCOPE, encode
from services.chassis.tracing_span import EndingSpan
from tests.unit.spans import trace

WHOSE = {"service.name": "docuvault-quota", "service.instance.id": "1"}


class Sink:
    def __init__(self) -> None:
        self.ended: list[EndingSpan] = []

    def on_end(self, span: EndingSpan) -> None:
        self.ended.append(span)


EVERY: Attributes = {
    "text": "täxt \N{SNOWMAN}",
    "": "",
    "long": "x" * 300,
    "yes": True,
    "no": False,
    "one": 1,
    "many": 2**63 - 1,
    "minus": -1,
    "least": -(2**63),
    "share": 0.25,
    "whole": 1.0,
}


def context(trace_id: str, span_id: str, *, remote: bool) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), remote, TraceFlags(TraceFlags.SAMPLED))


def as_the_library_has_it(span: EndingSpan) -> ReadableSpan:
    return ReadableSpan(
        span.name,
        context(span.trace_id, span.span_id, remote=False),
        context(span.trace_id, span.parent_id, remote=True) if span.parent_id else None,
        Resource(WHOSE),
        span.attributes,
        links=[Link(context(*found, remote=True)) for each in span.links if (found := parsed(each))],
        kind=SpanKind[span.kind.upper()],
        status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
        start_time=span.began,
        end_time=span.ended,
        instrumentation_scope=InstrumentationScope(SCOPE),
    )


def meant(spans: list[EndingSpan]) -> ExportTraceServiceRequest:
    return read(encode_spans([as_the_library_has_it(each) for each in spans]).SerializePartialToString())


def said(spans: list[EndingSpan]) -> ExportTraceServiceRequest:
    return read(encode(WHOSE, spans))


def read(body: bytes) -> ExportTraceServiceRequest:
    found = ExportTraceServiceRequest()
    found.ParseFromString(body)
    return found


@pytest.mark.parametrize("parent", [None, trace(7)])
@pytest.mark.parametrize("kind", ["internal", "server", "client", "producer", "consumer"])
@pytest.mark.parametrize("attributes", [{}, EVERY, *({name: value} for name, value in EVERY.items())])
@pytest.mark.parametrize("links", [(), (trace(1),), tuple(trace(each) for each in range(1, 129))])
def test_a_span_means_what_the_library_says_of_it(
    parent: str | None, kind: str, attributes: Attributes, links: tuple[str, ...]
) -> None:
    sink = Sink()
    for fails in (False, True):
        with EndingSpan(sink, "process quota", kind, parent, attributes, links) as span:  # type: ignore[arg-type]
            if fails:
                span.fail("KeyError")
    assert said(sink.ended) == meant(sink.ended)
    assert len(said(sink.ended).resource_spans[0].scope_spans[0].spans) == 2


def test_what_is_no_utf_8_costs_no_other_span() -> None:
    sink = Sink()
    for value in ("\ud800", "well"):
        with EndingSpan(sink, "work", "internal", None, {"text": value}, ()):
            pass
    texts = [each.attributes[0].value.string_value for each in said(sink.ended).resource_spans[0].scope_spans[0].spans]
    assert texts == ["\\ud800", "well"]
