"""What an operator's commands say of a key: facts that hold already, so that whoever missed them hears them.

Ids are derived from the fact, so that the same one said twice is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import (
    ClassificationFailed,
    Classified,
    DocumentDeleted,
    DocumentEvent,
    ObjectMissing,
    ObjectObserved,
    UploadRequested,
)
from docuvault_contracts.keys import parse_key

from deploy.local.errors import StackError
from deploy.ops.users import SOURCE


def observed(key: str, etag: str, size_bytes: int, observed_ns: int, now: datetime) -> Message:
    """object.observed: what the store holds. Raises StackError, as all of these, where the key is none of ours."""
    seen = {"etag": etag, "size_bytes": size_bytes, "observed_ns": observed_ns}
    return _said(ObjectObserved.model_validate({**_owner(key), **seen}), f":{key}:{etag}:{observed_ns}", now)


def missing(key: str, seen_ns: int, now: datetime) -> Message:
    """object.missing; `seen_ns` is a time of the store at or before it was seen to hold nothing."""
    event = ObjectMissing.model_validate({**_owner(key), "observed_ns": seen_ns})
    return _said(event, f":{key}:{seen_ns}", now)


def deleted(key: str, deleted_at: datetime, now: datetime) -> Message:
    """document.deleted, as a reminder: the ledger answers also where it has let go of the bytes meanwhile."""
    event = DocumentDeleted.model_validate({**_owner(key), "deleted_at": deleted_at, "reminded_at": now})
    return _said(event, f":{now.isoformat()}", now)


def reminded(key: str, content_type: str, requested_at: datetime, expires_at: datetime, now: datetime) -> Message:
    """upload.requested, as a reminder: whoever knows of a decision says it again."""
    times = {"requested_at": requested_at, "expires_at": expires_at, "reminded_at": now}
    event = UploadRequested.model_validate({**_owner(key), "content_type": content_type, **times})
    return _said(event, f":{now.isoformat()}", now)


def filed(word: Classified | ClassificationFailed, now: datetime) -> Message:
    """document.classified or document.classification_failed: what the classifier said of a document, once more."""
    return _said(word, f":{now.isoformat()}", now)


def _owner(key: str) -> Mapping[str, UUID | str]:
    parsed = parse_key(key)
    if parsed is None:
        raise StackError("the key is none of ours")
    return {"document_id": parsed.document_id, "user_id": parsed.user_id, "object_key": key}


def _said(event: DocumentEvent, fact: str, now: datetime) -> Message:
    return encode(event, id=str(uuid5(event.document_id, event.type + fact)), source=SOURCE, time=now)
