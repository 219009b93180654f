"""What happened to an upload, in the order of time, each line with who says so. Pure.

Clocks differ: a line has the time of who says it, the store's, the database's, or of whoever wrote a record.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from deploy.ops.explain_model import DeadLetter, Decision, Document, Facts, Filing, Heard, Known, Stored, Unsent
from deploy.ops.showing import moment, number


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, and who says so."""

    at: datetime
    source: str
    what: str


def story_of(facts: Facts) -> list[Line]:
    """All that is known to have happened, the oldest first; what is of the same time in the order of causes."""
    return sorted(_lines(facts), key=lambda line: line.at)


def _lines(facts: Facts) -> Iterator[Line]:
    if facts.document is not None:
        yield _requested(facts.document)
    if facts.stored is not None:
        yield _stored(facts.stored)
    if facts.kafka is not None:
        yield from map(_heard, facts.kafka.heard)
    yield from map(_decided, facts.decisions)
    if facts.known is not None:
        yield from _known(facts.known)
    if facts.filing is not None:
        yield from _filed(facts.filing)
    if facts.kafka is not None:
        yield from map(_dead, facts.kafka.dead)
    if facts.unsent is not None:
        yield _unsent(facts.unsent)
    if facts.document is not None and facts.document.status != "pending":
        yield _document(facts.document)


def _requested(document: Document) -> Line:
    return Line(document.created_at, "upload", f"asked for; the URL lives until {moment(document.expires_at)}")


def _document(document: Document) -> Line:
    why = f" ({document.reason})" if document.reason else ""
    heard = f"; version {document.version} of the ledger's word" if document.version else ""
    return Line(document.updated_at, "upload", f"document {document.status}{why}{_size(document)}{heard}")


def _size(document: Document) -> str:
    return f", {number(document.size_bytes)} bytes" if document.etag is not None else ""


def _stored(stored: Stored) -> Line:
    return Line(stored.at, "store", f"holds {number(stored.size_bytes)} bytes, etag {stored.etag}")


def _heard(heard: Heard) -> Line:
    return Line(heard.at, str(heard.place), f"{heard.type}: {heard.what}" if heard.what else heard.type)


def _decided(decision: Decision) -> Line:
    why = f" ({decision.reason})" if decision.reason else ""
    return Line(
        decision.decided_at,
        "ledger",
        f"version {decision.version}: {decision.state}{why} {_bytes(decision)}; {number(decision.used_bytes)} of "
        f"{number(decision.limit_bytes)} bytes in use; on the word of {decision.origin}",
    )


def _bytes(decision: Decision) -> str:
    given = f", {number(decision.released_bytes)} given back" if decision.state == "rejected" else ""
    counts = {
        "reserved": decision.size_bytes,
        "rejected": decision.rejected_bytes,
        "released": decision.released_bytes,
    }
    return f"{number(counts.get(decision.state, 0))} bytes{given if decision.released_bytes else ''}"


def _known(known: Known) -> Iterator[Line]:
    cause = f" ({known.cause})" if known.cause else ""
    heard = f"; has heard version {known.version}" if known.version else ""
    look = f"; looks at {moment(known.look_at)}" if known.look_at else ""
    yield Line(known.changed_at, "janitor", f"object to {_intent(known)}{cause}{heard}{look}")
    if known.removed_at is not None:
        yield Line(known.removed_at, "janitor", "object removed")
    if known.abandoned_at is not None:
        yield Line(known.abandoned_at, "janitor", "given up: nothing came")


def _filed(filing: Filing) -> Iterator[Line]:
    if filing.outcome is not None and filing.told_at is not None:
        yield Line(filing.told_at, "classifier", f"classified: {filing.outcome}")
    if filing.waits:
        begun = f"; begun {filing.attempts} times" if filing.attempts else ""
        after = f"; not before {moment(filing.due_at)}" if filing.due_at and not filing.at_work else ""
        place = (
            "is being classified" if filing.at_work else f"waits to be classified, {number(filing.before)} before it"
        )
        yield Line(filing.changed_at, "classifier", f"{place}{begun}{after}")


def _intent(known: Known) -> str:
    return "be kept" if known.state == "keep" else "go"


def _dead(letter: DeadLetter) -> Line:
    done = f"; {letter.done}" if letter.done else ""
    what = f"{letter.group} does not understand {letter.origin}: {letter.reason}{done}"
    return Line(letter.at, str(letter.place), what)


def _unsent(unsent: Unsent) -> Line:
    return Line(unsent.created_at, "outbox", f"{unsent.type} waits to be sent, {number(unsent.before)} before it")
