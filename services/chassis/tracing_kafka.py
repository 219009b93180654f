"""Spans of records: one for each that is sampled and handled or sent, and one for the batch they are handled in.

    creation (PRODUCER) ──▶ record (CONSUMER) ──▶ what it causes
                  ╰╌link╌╌ batch (CONSUMER) ──▶ its statements, its calls of the store

A batch joins many traces, so it is a trace of its own, linked to each of theirs, and each record's span to it. Where
all its records are of one trace, it is a part of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from docuvault_contracts.cloudevents import Message, type_of
from msgspec.structs import replace

from services.chassis.delivery import Delivery
from services.chassis.tracing import Attributes, Span, Tracer, tracer
from services.chassis.tracing_context import SAMPLED, is_sampled, trace_id_of

T = TypeVar("T")

MOST_LINKS = 128
"""As many as the SDK keeps of a span."""
_SYSTEM = {"messaging.system": "kafka"}
_DEAD = "dlq."
_SAMPLED = frozenset(digit.encode() for digit in SAMPLED)


@contextmanager
def receiving(group: str, batch: Sequence[Delivery[T]]) -> Iterator[Sequence[Delivery[T]]]:
    """The deliveries of `batch`, in its order; those that are sampled go on from a span of their own."""
    made_by = tracer()
    sampled = [] if made_by is None else _sampled_in(batch)
    if made_by is None or not sampled:
        yield batch
        return
    with _begun(made_by, group, batch, sampled) as spans:
        taken = list(batch)
        for place, span in zip(sampled, spans, strict=True):
            taken[place] = replace(batch[place], traceparent=span.traceparent)
        yield taken


def _sampled_in(batch: Sequence[Delivery[T]]) -> list[int]:
    """Their places. The last digit is looked at first: a batch is thousands, of which a few are sampled."""
    odd = [place for place, each in enumerate(batch) if (of := each.traceparent) and of[-1] in SAMPLED]
    return [place for place in odd if is_sampled(batch[place].traceparent)]


@contextmanager
def _begun(made_by: Tracer, group: str, batch: Sequence[Delivery[T]], sampled: Sequence[int]) -> Iterator[list[Span]]:
    """The spans of the records, and inside the block that of the batch is the one under way."""
    links = [str(batch[place].traceparent) for place in sampled]
    one = len(sampled) == len(batch) and len({trace_id_of(link) for link in links}) == 1
    name = f"batch {group}"
    size: Attributes = {
        **_SYSTEM,
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": group,
        "messaging.batch.message_count": len(batch),
    }
    with ExitStack() as stack:
        if one:
            spans = [_record(made_by, batch[place]) for place in sampled]
            whole = made_by.start(name, "consumer", spans[0].traceparent, size, links[1:MOST_LINKS])
        else:
            whole = made_by.start(name, "consumer", None, size, links[:MOST_LINKS])
            spans = [_record(made_by, batch[place], [whole.traceparent]) for place in sampled]
        for span in (*spans, whole):  # the last one is under way inside
            stack.enter_context(span)
        yield spans


def _record(made_by: Tracer, delivery: Delivery[T], links: Sequence[str] = ()) -> Span:
    """What is the same for all of a batch is told by the batch's span alone."""
    origin = delivery.origin
    place: Attributes = {
        **_SYSTEM,
        "messaging.destination.name": origin.topic,
        "messaging.destination.partition.id": str(origin.partition),
        "messaging.kafka.offset": origin.offset,
    }
    return made_by.start(f"process {origin.topic}", "consumer", delivery.traceparent, place, links)


@contextmanager
def sending(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """What is to be sent: the sampled among `messages` name a span of their own, which is under way until acked."""
    made_by = tracer()
    if made_by is None:
        yield messages
        return
    with ExitStack() as stack:
        yield [message if _silent(message.headers) else _sent(made_by, message, stack) for message in messages]


def _silent(headers: Sequence[tuple[str, bytes]]) -> bool:
    """Whether it is not sampled, as far as its last header tells, which mostly is the traceparent."""
    return not headers or (headers[-1][0] == "traceparent" and headers[-1][1][-1:] not in _SAMPLED)


def _sent(made_by: Tracer, message: Message, stack: ExitStack) -> Message:
    """A dead letter keeps the headers it came with."""
    place = next((place for place, (name, _) in enumerate(message.headers) if name == "traceparent"), None)
    if place is None or message.topic.startswith(_DEAD):
        return message
    parent = message.headers[place][1].decode("latin-1")
    if not is_sampled(parent):
        return message
    about: Attributes = {
        **_SYSTEM,
        "messaging.operation.type": "send",
        "messaging.destination.name": message.topic,
        "cloudevents.event_type": type_of(message.headers) or "",
    }
    span = stack.enter_context(made_by.start(f"send {message.topic}", "producer", parent, about))
    headers = list(message.headers)
    headers[place] = ("traceparent", span.traceparent.encode())
    return replace(message, headers=tuple(headers))
