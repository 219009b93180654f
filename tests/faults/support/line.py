"""What must hold in the classifier's own tables once all is at rest; what is shown of them the audit looks at."""

from __future__ import annotations

import asyncpg

from deploy.local.info import StackInfo

COUNTS = {
    "documents in line": "SELECT count(*) FROM classifier.documents WHERE turn IS NOT NULL OR leased_until IS NOT NULL",
    "topics that were deleted and are not off all documents": (
        "SELECT count(*) FROM classifier.topics WHERE deleted_at IS NOT NULL"
    ),
    "words in the classifier's outbox": "SELECT count(*) FROM classifier.outbox",
    "examples out of bytes that are gone": (
        "SELECT count(*) FROM classifier.examples JOIN classifier.documents USING (document_id) WHERE state <> 'stored'"
    ),
    "documents whose bytes are gone and that are remembered": (
        "SELECT count(*) FROM classifier.documents WHERE state <> 'stored'"
        " AND (outcome IS NOT NULL OR vector IS NOT NULL OR topics <> '[]' OR terms <> '{}' OR language IS NOT NULL)"
    ),
}


async def wrong_line(info: StackInfo) -> list[str]:
    """What is left. Raises what asyncpg does where PostgreSQL is away."""
    connection = await asyncpg.connect(info.databases["audit"], timeout=5)
    try:
        found = {what: await connection.fetchval(query) for what, query in COUNTS.items()}
    finally:
        await connection.close()
    return [f"{count} {what}" for what, count in found.items() if count]
