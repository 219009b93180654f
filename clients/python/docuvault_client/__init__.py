"""A client of docuvault: bytes go straight to the store, refusals are typed, what was cut off is gone on with."""

from docuvault_client.client import DocuvaultClient
from docuvault_client.errors import (
    Conflict,
    DocuvaultError,
    Invalid,
    NotFound,
    NotYet,
    QuotaExceeded,
    SourceChanged,
    SourceUnreadable,
    StoreRefused,
    Unauthorized,
    Unavailable,
    Unexpected,
    UploadLost,
)
from docuvault_client.events import Event
from docuvault_client.many import Outcome
from docuvault_client.progress import Progress, Step
from docuvault_client.resume import Journal
from docuvault_client.retry import Patience
from docuvault_client.sources import Bytes, File, Source, Stream
from docuvault_client.transport import Token

__all__ = [
    "Bytes",
    "Conflict",
    "DocuvaultClient",
    "DocuvaultError",
    "Event",
    "File",
    "Invalid",
    "Journal",
    "NotFound",
    "NotYet",
    "Outcome",
    "Patience",
    "Progress",
    "QuotaExceeded",
    "Source",
    "SourceChanged",
    "SourceUnreadable",
    "Step",
    "StoreRefused",
    "Stream",
    "Token",
    "Unauthorized",
    "Unavailable",
    "Unexpected",
    "UploadLost",
]
