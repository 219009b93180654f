"""Whether a document is shown with its bytes: whichever the classifier has come to say of it meanwhile."""

from __future__ import annotations

from tests.stack.support.api import Client, Upload

STORED = frozenset({"uploaded", "classified", "classification_failed"})


async def is_stored(client: Client, upload: Upload) -> bool:
    """In any of the three statuses of what is there and paid for."""
    return await client.status_of(upload) in STORED
