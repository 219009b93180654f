"""What a row of before ignores the row of now ignores, too: an event may be tried on a row that was read earlier."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.upload.decide import Incoming, apply
from services.upload.document import Document, Reason, Status
from tests.unit.upload_facts import NOW, abandoned, classified, pending, rejected, released, reserved, unclassified

VERSIONS = st.integers(1, 4)
RULINGS = st.lists(st.sampled_from([reserved, rejected, released]), min_size=4, max_size=4)
"""What the ledger decided as version 1, 2, …: a version has one decision, however often it is said."""
KINDS = st.sampled_from(["ledger", "classified", "failed", "abandoned", "deleted"])
STEPS = st.lists(st.tuples(KINDS, VERSIONS, st.integers(0, 2)), max_size=8)


def event(step: tuple[str, int, int], rulings: Any) -> Incoming | None:
    """None is the owner's delete, which is no event here."""
    kind, version, seconds = step
    match kind:
        case "ledger":
            ruled: Incoming = rulings[version - 1](version)
            return ruled
        case "classified":
            return classified(version, NOW + timedelta(seconds=seconds))
        case "failed":
            return unclassified(version, NOW + timedelta(seconds=seconds))
    return abandoned() if kind == "abandoned" else None


def deleted(document: Document) -> Document:
    """What its owner's delete makes of it (sql/delete_document.sql)."""
    if document.status in {Status.REJECTED, Status.DELETED}:
        return document
    gone = replace(document, status=Status.DELETED, reason=Reason.DOCUMENT_DELETED)
    return replace(gone, size_bytes=0, etag=None, verdict=None)


@given(RULINGS, STEPS, STEPS)
def test_what_an_older_row_ignores_a_newer_one_ignores_too(rulings: Any, history: Any, tried: Any) -> None:
    rows = [pending()]
    for step in history:
        said = event(step, rulings)
        rows.append(deleted(rows[-1]) if said is None else apply(rows[-1], said))
    for step in tried:
        if (say := event(step, rulings)) is not None:
            ignored = [apply(row, say) is row for row in rows]
            assert ignored == sorted(ignored), say
