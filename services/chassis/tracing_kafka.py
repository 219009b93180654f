"""Spans of records: one for each that is sampled and handled or sent, and one for the batch they are handled in.

    creation (PRODUCER) ──▶ record (CONSUMER) ──▶ what it causes
                  ╰╌link╌╌ batch (CONSUMER) ──▶ its statements, its calls of the store, its commit

They end once the offsets are committed, or the batch is left to be replayed, which is a failure; a record that becomes
a dead letter says so. A batch joins many traces, so it is a trace of its own, linked to each of theirs, and each
record's span to it. Where all its records are of one trace, it is a part of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from docuvault_contracts.cloudevents import Message, type_of
from msgspec.structs import replace

from services.chassis.delivery import Delivery, Origin, Record
from services.chassis.tracing import SILENT, Attributes, Span, Tracer, beginning, span, tracer
from services.chassis.tracing_context import SAMPLED, is_sampled, trace_id_of

T = TypeVar("T")

MOST_LINKS = 128
"""As many as the SDK keeps of a span."""
_SYSTEM = {"messaging.system": "kafka"}
_DEAD = "dlq."
_NO_SPANS: Mapping[Origin, Span] = {}
_SAMPLED = frozenset(digit.encode() for digit in SAMPLED)


@contextmanager
def receiving(
    group: str, batch: Sequence[Delivery[T]]
) -> Iterator[tuple[Sequence[Delivery[T]], Mapping[Origin, Span]]]:
    """The deliveries of `batch`, in its order; the sampled go on from spans of their own, which are told by origin."""
    made_by = tracer()
    sampled = [] if made_by is None else _sampled_in(batch)
    if made_by is None or not sampled:
        yield batch, _NO_SPANS
        return
    with _begun(made_by, group, batch, sampled) as spans:
        taken = list(batch)
        for place, of_it in zip(sampled, spans, strict=True):
            taken[place] = replace(batch[place], traceparent=of_it.traceparent)
        yield taken, {batch[place].origin: of_it for place, of_it in zip(sampled, spans, strict=True)}


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
        for each in (*spans, whole):  # the last one is under way inside
            stack.enter_context(each)
        yield spans


def _record(made_by: Tracer, delivery: Delivery[T], links: Sequence[str] = ()) -> Span:
    """What is the same for all of a batch is told by the batch's span alone."""
    place = _place(delivery.origin)
    return made_by.start(f"process {delivery.origin.topic}", "consumer", delivery.traceparent, place, links)


def _place(origin: Origin | Record) -> Attributes:
    return {
        **_SYSTEM,
        "messaging.destination.name": origin.topic,
        "messaging.destination.partition.id": str(origin.partition),
        "messaging.kafka.offset": origin.offset,
    }


def committing(group: str) -> Span:
    """The last part of a batch: until then another member may do all of it again."""
    about: Attributes = {**_SYSTEM, "messaging.operation.type": "settle", "messaging.consumer.group.name": group}
    return span(f"commit {group}", "client", about)


def condemn(condemned: Span | None, cause: str, kind: str) -> None:
    """What the span is of becomes a dead letter. `kind` is a class: what an error says may be what a user wrote."""
    if condemned is not None:
        condemned.note("docuvault.dead_letter", cause)
        condemned.fail(kind)


def refused(record: Record, cause: str, kind: str) -> None:
    """A span for a record that became no event, where a header of it says that its trace is sampled."""
    made_by = tracer()
    found = None if made_by is None else dict(record.headers).get("traceparent")
    if made_by is None or found is None or not is_sampled(parent := found.decode("latin-1")):
        return
    with made_by.start(f"process {record.topic}", "consumer", parent, _place(record)) as of_it:
        condemn(of_it, cause, kind)


@contextmanager
def sending(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """What is to be sent: the sampled among `messages` name a span of their own, which is under way until acked."""
    made_by = tracer()
    if made_by is None:
        yield messages
        return
    told = _telling(messages)
    if not told:
        yield messages
        return
    with ExitStack() as stack:
        sent = list(messages)
        for place in told:
            sent[place] = _sent(made_by, messages[place], stack)
        yield sent


def relaying(messages: Sequence[Message]) -> Span:
    """A round of the outbox's relay, linked to the traces of what it says: a trace of its own, it serves many."""
    if tracer() is None:
        return SILENT
    told = [dict(messages[place].headers).get("traceparent", b"").decode("latin-1") for place in _telling(messages)]
    about: Attributes = {**_SYSTEM, "messaging.batch.message_count": len(messages)}
    return beginning("relay outbox", about, [each for each in told if is_sampled(each)][:MOST_LINKS])


def _telling(messages: Sequence[Message]) -> list[int]:
    """The places of those that may be sampled, as far as the last header tells, which mostly is the traceparent."""
    return [
        place
        for place, message in enumerate(messages)
        if (headers := message.headers) and ((last := headers[-1])[1][-1:] in _SAMPLED or last[0] != "traceparent")
    ]


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
    of_it = stack.enter_context(made_by.start(f"send {message.topic}", "producer", parent, about))
    headers = list(message.headers)
    headers[place] = ("traceparent", of_it.traceparent.encode())
    return replace(message, headers=tuple(headers))
