"""What goes on: the stream of changes, and a document's timeline."""

from __future__ import annotations

from docuvault_contracts import http, http_live

from generator.operation import NO_DOCUMENT, RETRY, Answer, Operation, Stream

_EXAMPLE = """\
retry: 1000

event: hello
id: 3.4711
data: {"heartbeat_seconds":15.0,"token_expires_at":"2026-01-15T10:00:00Z"}

event: removed
id: 3.4717
data: {"id":"11111111-2222-4333-8444-555555555555","reason":"deleted","filename":"report.pdf","detail":null}

: still here
id: 3.4720

"""
_STREAM = Stream(
    (
        ("hello", http_live.StreamHello),
        ("document", http.Document),
        ("removed", http_live.StreamRemoved),
        ("quota", http_live.StreamQuota),
        ("reset", http_live.StreamReset),
        ("expired", http_live.StreamExpired),
    ),
    _EXAMPLE,
)
EVENTS = Operation(
    "streamEvents",
    "get",
    "/api/events",
    "Follow every change of the caller's documents and account",
    "live",
    (
        Answer(200, "Server-Sent Events, until the client leaves or its token expires", stream=_STREAM),
        Answer(429, "The caller has too many streams open", http.ErrorBody, "Too many streams", RETRY),
    ),
    headers=(("Last-Event-ID", "the newest id that was received: what came after it follows, on whatever replica"),),
    description="Sent with `Authorization` like all else, so it is read with fetch: EventSource sends no header, and a"
    " token belongs in no URL. `hello` comes first. A `document` is whole, as it is now, and may come twice; what came"
    " in between may be left out. `reset` says that changes were missed: list anew. Blocks without an event carry an id"
    " alone.",
)
TIMELINE = Operation(
    "getTimeline",
    "get",
    "/api/documents/{id}/timeline",
    "Look at what happened to a document, and what it waits for",
    "live",
    (Answer(200, "The timeline, of a refused document too", http_live.DocumentTimeline), NO_DOCUMENT),
)
LIVE = (EVENTS, TIMELINE)
