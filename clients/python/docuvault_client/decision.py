"""The last step of every upload: asks until the ledger has decided."""

from __future__ import annotations

import asyncio
from uuid import UUID

from docuvault_contracts.http import UPLOAD_NOT_FOUND, ConfirmResponse, Document

from docuvault_client.errors import Invalid, NotYet, UploadLost
from docuvault_client.transport import Api, parsed

UNDECIDED = 202


async def decided(api: Api, document_id: UUID) -> Document:
    """The document, paid for. Raises QuotaExceeded, UploadLost, NotFound, NotYet."""
    end = asyncio.get_running_loop().time() + api.patience.decision_seconds
    tried = 0
    while not await _asked(api, document_id, tried := tried + 1):
        if asyncio.get_running_loop().time() > end:
            raise NotYet(document_id, f"the bytes are there and not decided yet: document {document_id}")
    return await api.get(Document, f"/api/documents/{document_id}")


async def _asked(api: Api, document_id: UUID, tried: int) -> bool:
    """Whether it is decided; waits where it is not."""
    try:
        answer = await api.call("POST", f"/api/documents/{document_id}/confirm")
    except Invalid as error:
        if str(error) == UPLOAD_NOT_FOUND:
            raise UploadLost("the bytes were sent, and the store does not have them") from None
        raise
    if answer.status == UNDECIDED:
        await asyncio.sleep(api.patience.pause(tried, answer.retry_after))
        return False
    parsed(ConfirmResponse, answer.body)
    return True
