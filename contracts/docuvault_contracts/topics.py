"""The Kafka topics: what they carry, how they are keyed, how long they keep it, and who writes them."""

from __future__ import annotations

from dataclasses import dataclass

_HOUR_MS = 60 * 60 * 1000
_DAY_MS = 24 * _HOUR_MS


@dataclass(frozen=True, slots=True)
class Topic:
    """A declared topic. `retention_ms` is in milliseconds; `max_message_bytes` bounds one record with its headers.

    `owner` is who writes to it; several with commas. Kafka deletes whole segments: `segment_ms` is how long it writes
    to one, where the broker's default of a week is too long for what is kept.
    """

    name: str
    key: str
    owner: str
    description: str
    partitions: int = 6
    retention_ms: int = 7 * _DAY_MS
    max_message_bytes: int = 2 * 1024 * 1024
    segment_ms: int | None = None


STORAGE_EVENTS = Topic("storage.events", "bucket/key", "minio", "MinIO's own S3 event records, raw")
DOCUMENTS = Topic("documents", "document id", "upload, classifier", "What clients asked of their documents")
QUOTA = Topic("quota", "document id", "quota", "What the ledger decided")
CLASSIFICATION = Topic("classification", "document id", "classifier", "What a document was filed under")
STORAGE_JANITOR = Topic("storage.janitor", "document id", "janitor", "What the janitor removed, saw or missed")
USERS = Topic(
    "users", "user id", "identity provider, upload", "Who may store documents at all", retention_ms=30 * _DAY_MS
)

CHANGES = Topic(
    "documents.changes",
    "user id",
    "upload",
    "Of whose documents one has changed: hints to look again, for streams to clients",
    retention_ms=_HOUR_MS,
    segment_ms=_HOUR_MS // 6,
)


def dead_letter_topic(group: str) -> Topic:
    """Where consumer group `group` puts what it could not understand."""
    return Topic(
        f"dlq.{group}",
        "the key of the original record",
        group,
        f"What {group} could not understand, with the reason and where it came from",
        partitions=1,
        retention_ms=30 * _DAY_MS,
        max_message_bytes=4 * 1024 * 1024,
    )


DEAD_LETTER_JOURNAL = Topic(
    "dlq.journal",
    "group/partition/offset of the dead letter",
    "operator",
    "What operators did about dead letters: replayed or discarded, who, when and why",
    partitions=1,
    retention_ms=60 * _DAY_MS,  # a segment of dead letters may outlive their own retention by its roll time of a week
)

GROUPS = ("upload", "quota", "janitor", "classifier")
"""Consumer groups with dead letters; none may be called journal."""
PUBLISHED = (STORAGE_EVENTS, DOCUMENTS, QUOTA, CLASSIFICATION, STORAGE_JANITOR, USERS, CHANGES)
ALL = (*PUBLISHED, *(dead_letter_topic(group) for group in GROUPS), DEAD_LETTER_JOURNAL)
