"""What the classifier knows of a key beside what is shown of its document: pure."""

from __future__ import annotations

from deploy.ops.audit_model import LIVE, Document, Filing, Holding

STORED, UPLOADED = "stored", "uploaded"


def wrong_filing(holding: Holding) -> str | None:
    """Why the classifier and the document do not agree; None where they do, or will by what is under way."""
    document, filing = holding.document, holding.filing
    if document is None or document.status not in LIVE:
        return _kept(document, filing)
    if filing is None or filing.state != STORED:
        return f"its document is {document.status}, but the classifier has not heard that its bytes are paid for"
    if filing.version != document.version:
        return f"its document heard decision {document.version}, the classifier {filing.version}"
    return None if filing.waits else _shown_otherwise(document, filing)


def is_unheard(holding: Holding) -> bool:
    """Whether the classifier said something last that its document has not heard."""
    document, filing = holding.document, holding.filing
    if document is None or filing is None or document.status not in LIVE or filing.waits:
        return False
    heard = (filing.state, filing.version) == (STORED, document.version)
    return heard and filing.told_at is not None and _shown_otherwise(document, filing) is not None


def _kept(document: Document | None, filing: Filing | None) -> str | None:
    """What was found in bytes goes with them. A document that waits for its bytes is none of the classifier's."""
    if filing is None or filing.state != STORED:
        return None
    return f"the classifier keeps what it knows of bytes whose document is {document.status if document else 'unknown'}"


def _shown_otherwise(document: Document, filing: Filing) -> str | None:
    if filing.told_at is None:
        return None if document.status == UPLOADED else f"it is {document.status}, of which the classifier said nothing"
    if filing.is_off and document.status == UPLOADED:
        return None  # of bytes that were decided about once more, since when its owner wants nothing read
    if (document.verdict_at, document.topics) == (filing.told_at, filing.topics):
        return None
    return f"the classifier spoke last at {filing.told_at}, its document heard it at {document.verdict_at}"
