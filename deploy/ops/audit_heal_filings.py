"""Says once more what the classifier said last of a document that did not hear it: from its row, as the operator.

Whoever reads it keeps what is newest by version and time, so one that had heard it is not changed by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import asyncpg
from docuvault_contracts.cloudevents import Message
from docuvault_contracts.events import ClassificationFailed, Classified, FiledTopic
from docuvault_contracts.keys import parse_key
from pydantic import TypeAdapter

from deploy.local.info import StackInfo
from deploy.ops.audit_servers import SQL, TIMEOUT_SECONDS
from deploy.ops.operator_events import filed
from services.classifier.model import MODEL_FAILED, Outcome
from services.classifier.reading import Unreadable
from services.classifier.words import NOTES, REASONS

MODEL_SAID_NOTHING = "The model said nothing that could be used"
_TOPICS = TypeAdapter(tuple[FiledTopic, ...])


async def last_words(info: StackInfo, keys: Sequence[str], now: datetime) -> dict[str, Message]:
    """By key, of those of which the classifier said anything that still holds. Raises one of the audit's TROUBLE."""
    found: dict[str, Message] = {}
    if keys:
        connection = await asyncpg.connect(info.databases["audit"], timeout=TIMEOUT_SECONDS)
        try:
            for key in keys:
                row = await _row(connection, key)
                if row is not None:
                    found[key] = filed(word_of_row(dict(row)), now)
        finally:
            await connection.close(timeout=TIMEOUT_SECONDS)
    return found


async def _row(connection: asyncpg.Connection[asyncpg.Record], key: str) -> asyncpg.Record | None:
    parsed = parse_key(key)
    if parsed is None:
        return None
    return await connection.fetchrow(SQL["audit_filing"], key, parsed.user_id, parsed.document_id)


def word_of_row(row: dict[str, Any]) -> Classified | ClassificationFailed:
    """What was said, of a row of sql/audit_filing.sql; its note is the one that is usual for its outcome."""
    told_at, outcome = row.pop("told_at"), row["outcome"]
    topics, language = _TOPICS.validate_json(row.pop("topics")), row.pop("language")
    if (reason := _failed(outcome)) is not None:
        return ClassificationFailed(**row, failed_at=told_at, reason=reason)
    note = None if topics else NOTES[Outcome(outcome)]
    return Classified(**row, classified_at=told_at, topics=topics, note=note, language=language)


def _failed(outcome: str) -> str | None:
    """Why it was not classified; None where it was."""
    if outcome == MODEL_FAILED:
        return MODEL_SAID_NOTHING
    with suppress(ValueError):
        return REASONS[Unreadable(outcome)]
    return None
