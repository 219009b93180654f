"""What a consumer hands to a handler, and what a handler hands back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from docuvault_contracts.cloudevents import Message
from msgspec import Struct

T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


class Origin(Struct, frozen=True, order=True, gc=False):
    """Where an event came from: a Kafka record, and which of several events inside that record."""

    topic: str
    partition: int
    offset: int
    index: int = 0


class Fault(Struct, frozen=True, gc=False):
    """Why a record cannot be read as Kafka has it; `raw_headers` are its headers' bytes, where they are known."""

    reason: str
    raw_headers: bytes = b""


class Record(Struct, frozen=True, gc=False):
    """One Kafka record, without anything of the driver's. `timestamp_ms` is Kafka's own, in ms since the epoch.

    One with a `fault` holds what could be read, goes to no parser, and is a dead letter.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp_ms: int
    fault: Fault | None = None


class Delivery(Struct, Generic[T_co], frozen=True, gc=False):
    """One parsed event with its origin and the trace it belongs to."""

    event: T_co
    origin: Origin
    traceparent: str | None = None


class Parser(Protocol[T_co]):
    """Turns a record into the events a handler knows; one that concerns nobody here gives an empty sequence."""

    def __call__(self, record: Record, /) -> Sequence[Delivery[T_co]]:
        """Raises InvalidEvent where nobody can understand the record."""
        ...


class Handler(Protocol[T_contra]):
    """Applies a batch, in the order given, as if event by event; returns what is to be published before the commit.

    That may be an iterator which makes messages as they are asked for: by then the next batch is being applied.
    """

    async def handle(self, batch: Sequence[Delivery[T_contra]], /) -> Iterable[Message]:
        """Raises Transient where it may pass. Must be idempotent: the same batch may come again."""
        ...
