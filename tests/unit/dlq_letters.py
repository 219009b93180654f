"""Dead letters for tests, made as the chassis makes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from deploy.ops.dlq.letters import Letter, letter_of
from services.chassis.deadletters import Cause, DeadLetter
from services.chassis.delivery import Record

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
PARTITIONS: Mapping[str, int] = {"documents": 6, "dlq.quota": 1}


def letter(  # noqa: PLR0913 - all that a letter may differ in
    offset: int = 0,
    *,
    record: Record | None = None,
    cause: Cause = "handler",
    reason: str = "handler: KeyError: 'x'",
    group: str = "quota",
    written_ms: int = NOW_MS,
) -> Letter:
    dead = DeadLetter(record or Record("documents", 2, 7, b"k", b"v", (("ce_id", b"1"),), 0), cause, reason)
    message = dead.message(group, NOW)
    return letter_of(Record(message.topic, 0, offset, message.key, message.value, message.headers, written_ms))
