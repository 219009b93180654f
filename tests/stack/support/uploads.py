"""Uploads as the janitor hears of them: a key of ours, and the facts that may be told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from docuvault_contracts.events import DocumentDeleted, QuotaRejected, QuotaReleased, QuotaReserved, UploadRequested
from docuvault_contracts.keys import make_key

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Upload:
    """An object key of ours and the facts that may be told of it."""

    user: UUID
    document: UUID
    key: str

    @classmethod
    def fresh(cls) -> Upload:
        user, document = uuid4(), uuid4()
        return cls(user, document, str(make_key(user, document, "a.pdf")))

    def _facts(self, version: int) -> dict[str, object]:
        owner = {"document_id": self.document, "user_id": self.user, "object_key": self.key}
        return owner | {"version": version, "used_bytes": 5, "limit_bytes": 9, "decided_at": NOW, "etag": "e"}

    def reserved(self, version: int = 1) -> QuotaReserved:
        return QuotaReserved.model_validate(self._facts(version) | {"size_bytes": 5})

    def rejected(self, version: int = 1) -> QuotaRejected:
        return QuotaRejected.model_validate(self._facts(version) | {"rejected_bytes": 5, "reason": "over_quota"})

    def released(self, version: int = 2) -> QuotaReleased:
        return QuotaReleased.model_validate(self._facts(version) | {"released_bytes": 5, "reason": "document_deleted"})

    def deleted(self) -> DocumentDeleted:
        return DocumentDeleted.model_validate(self._facts(1) | {"deleted_at": NOW})

    def requested(self, at: datetime = NOW, reminded_at: datetime | None = None) -> UploadRequested:
        times = {"requested_at": at, "expires_at": at + timedelta(minutes=15), "reminded_at": reminded_at}
        return UploadRequested.model_validate(self._facts(1) | times | {"content_type": "text/plain"})
