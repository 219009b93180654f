"""Who writes and who reads which event."""

from __future__ import annotations

from docuvault_contracts import events
from docuvault_contracts.events import Event

Traffic = dict[str, tuple[type[Event], ...]]

SENDS: Traffic = {
    "upload": (
        events.UploadRequested,
        events.UploadObserved,
        events.DocumentDeleted,
        events.ReclassifyRequested,
        events.DocumentChanged,
        events.AccountChanged,
        events.UserRegistered,
    ),
    "quota": (events.QuotaReserved, events.QuotaRejected, events.QuotaReleased, events.LimitChanged),
    "classifier": (events.Classified, events.ClassificationFailed, events.TopicsCorrected),
    "janitor": (events.ObjectRemoved, events.ObjectObserved, events.ObjectMissing, events.UploadAbandoned),
    "identity-provider": (events.UserRegistered,),
}
RECEIVES: Traffic = {
    "upload": (
        events.QuotaReserved,
        events.QuotaRejected,
        events.QuotaReleased,
        events.LimitChanged,
        events.Classified,
        events.ClassificationFailed,
        events.ObjectRemoved,
        events.UploadAbandoned,
        events.DocumentChanged,
        events.AccountChanged,
    ),
    "quota": (
        events.UploadObserved,
        events.DocumentDeleted,
        events.ObjectObserved,
        events.ObjectMissing,
        events.UserRegistered,
    ),
    "classifier": (
        events.QuotaReserved,
        events.QuotaRejected,
        events.QuotaReleased,
        events.ReclassifyRequested,
        events.DocumentDeleted,
    ),
    "janitor": (
        events.UploadRequested,
        events.DocumentDeleted,
        events.QuotaReserved,
        events.QuotaRejected,
        events.QuotaReleased,
    ),
}
RECEIVES_RAW = ("quota",)
"""Who reads MinIO's own records."""
