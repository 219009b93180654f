"""What is sent means what the library's own encoder would have said, and is read by its own decoder."""

from __future__ import annotations

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan

from services.chassis.tracing import Attributes
from services.chassis.tracing_otlp import encode
from services.chassis.tracing_span import EndingSpan
from tests.unit.spans import trace


class Sink:
    resource = Resource({"service.name": "docuvault-quota", "service.instance.id": "1"})

    def __init__(self) -> None:
        self.ended: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
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


def meant(spans: list[ReadableSpan]) -> ExportTraceServiceRequest:
    return read(encode_spans(spans).SerializePartialToString())


def said(spans: list[ReadableSpan]) -> ExportTraceServiceRequest:
    return read(encode(spans))


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
