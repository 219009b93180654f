"""The bodies of what goes on: a document's timeline, and the data of the events in the stream of `GET /api/events`.

The stream's event `document` has a `Document` for its data, the very body of `GET /api/documents/{id}`.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from docuvault_contracts.http import DocumentStatus, QuotaExceeded, Request, Response, Size

StepDetail = str | int | tuple[str, ...] | None


class TimelineStep(Response):
    """Something that happened to a document."""

    at: Annotated[AwareDatetime, Field(description="when, by the clock of who did it")]
    what: Annotated[
        str,
        Field(
            description="signed (the URL was handed out), arrived (the store has bytes), reserved, refused, released"
            " (decisions of the ledger), classified, corrected, classification_failed, abandoned, left_out (there were"
            " too many steps to keep all); more may come"
        ),
    ]
    source: Annotated[str, Field(description="who did it: upload, store, quota, classifier or janitor; more may come")]
    detail: Annotated[
        dict[str, StepDetail],
        Field(description="the numbers and names that belong to it; sizes end in `_bytes`, and more may come"),
    ] = Field(default_factory=dict)


class Waiting(Response):
    """What a document waits for now."""

    what: Annotated[
        str,
        Field(description="bytes, removal (its URL is dead), decision (of the ledger), classification; more may come"),
    ]
    since: Annotated[AwareDatetime, Field(description="since when it waits")]
    for_a_person: Annotated[str, Field(description="the same in words, in English")]


class DocumentTimeline(Response):
    """What happened to a document, oldest first, and what it waits for."""

    id: Annotated[UUID, Field(description="the document")]
    status: Annotated[
        DocumentStatus | Literal["rejected"],
        Field(description="how far it is; `rejected` is gone but for this, for as long as its refusal is remembered"),
    ]
    steps: Annotated[tuple[TimelineStep, ...], Field(description="the steps, oldest first, 52 at most")]
    waits_for: Annotated[Waiting | None, Field(description="null where nothing is to come by itself")] = None


class StreamHello(Response):
    """The data of `hello`, the first event of a stream."""

    heartbeat_seconds: Annotated[float, Field(description="no silence is longer; after twice that, connect anew")]
    token_expires_at: Annotated[AwareDatetime | None, Field(description="when the stream ends with `expired`")] = None


class StreamRemoved(Response):
    """The data of `removed`: the document is no more."""

    id: Annotated[UUID, Field(description="the document")]
    reason: Annotated[
        str,
        Field(description="deleted (by its owner, or its object is gone), rejected, abandoned; more may come"),
    ]
    filename: Annotated[str, Field(description="the file's name, without a path")]
    detail: Annotated[
        QuotaExceeded | None, Field(description="of a rejected one: the account and what did not fit")
    ] = None


class StreamQuota(Response):
    """The data of `quota`: the caller's account, as far as this service has heard of it."""

    used_bytes: Annotated[Size, Field(description="bytes in use")]
    limit_bytes: Annotated[Size, Field(description="the limit in bytes; may be below what is used")]
    in_flight_bytes: Annotated[
        Size, Field(description="declared bytes of pending documents whose URLs live; of the newest 1,000 documents")
    ]


class StreamReset(Response):
    """The data of `reset`: changes were missed, so list documents and quota anew; what comes after follows."""

    reason: Annotated[str, Field(description="why, for a person")]


class StreamExpired(Response):
    """The data of `expired`, the last event: the token is no longer good; connect with another."""

    token_expires_at: Annotated[AwareDatetime, Field(description="when it expired")]


BODIES: tuple[type[Request | Response], ...] = (
    DocumentTimeline, StreamHello, StreamRemoved, StreamQuota, StreamReset, StreamExpired,
)  # fmt: skip
"""Every body of this part that travels, in the order of the API's description."""
