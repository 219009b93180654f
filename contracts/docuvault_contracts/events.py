"""The events, one model each. Readers ignore fields they do not know; writers never drop one that was published.

Sizes are bytes, `*_ns` are nanoseconds since the Unix epoch, etags are without quotes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from docuvault_contracts import topics

INT64_MAX = 2**63 - 1
Bytes = Annotated[int, Field(strict=True, ge=0, le=INT64_MAX, description="a size in bytes")]
Nanoseconds = Annotated[int, Field(strict=True, ge=0, le=INT64_MAX, description="nanoseconds since the Unix epoch")]
Version = Annotated[int, Field(strict=True, ge=1, description="grows by one with each decision about the object key")]
ObjectKeyText = Annotated[str, Field(min_length=1, max_length=1024, description="the object's key, not escaped")]
ETag = Annotated[str, Field(description="the object's etag, without quotes")]
InParts = Annotated[
    bool | None, Field(strict=True, description="whether its bytes come in parts, so that some may lie there before it")
]


class Event(BaseModel):
    """What all events share; `topic` and `type` say where it travels and under which CloudEvents type."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        cache_strings="keys",  # values hardly come twice, and pydantic would keep 16,384 of them: 1.2 MB, slowly
    )

    topic: ClassVar[topics.Topic]
    type: ClassVar[str]

    @property
    def key(self) -> str:
        """The Kafka key, so that what concerns one document stays in order."""
        raise NotImplementedError


class DocumentEvent(Event):
    """An event about one document and its one object."""

    document_id: UUID
    user_id: UUID
    object_key: ObjectKeyText

    @property
    def key(self) -> str:
        """The document id."""
        return str(self.document_id)


class UploadRequested(DocumentEvent):
    """A presigned URL was handed out; until `expires_at` bytes may arrive under the key.

    Said again, with `reminded_at`, where nobody has decided about the document long after: whoever missed the first
    word, or what came of it, is told to look. The name its owner gave the file is not
    among it: that reaches the database alone.
    """

    topic = topics.DOCUMENTS
    type = "upload.requested"
    content_type: str
    requested_at: AwareDatetime
    expires_at: AwareDatetime
    reminded_at: AwareDatetime | None = None
    multipart: InParts = None


class Observation(DocumentEvent):
    """An authoritative look at the store: at `observed_ns` the key held this etag and size.

    `observed_ns` is the object's own time as precisely as the store tells it, rounded up, never a local clock.
    """

    etag: Annotated[ETag, Field(min_length=1, max_length=256)]
    size_bytes: Bytes
    observed_ns: Nanoseconds


class UploadObserved(Observation):
    """A confirm looked at the store and found the object.

    It asks: where it is no news to the ledger, the ledger says its last decision about the key again.
    """

    topic = topics.DOCUMENTS
    type = "upload.observed"


class DocumentDeleted(DocumentEvent):
    """Its owner deleted the document; its bytes are released and its object goes.

    Said again, with `reminded_at`, where the ledger has not told long after that it let go of the bytes.
    """

    topic = topics.DOCUMENTS
    type = "document.deleted"
    deleted_at: AwareDatetime
    reminded_at: AwareDatetime | None = None
    multipart: InParts = None


class ReclassifyRequested(DocumentEvent):
    """Its owner wants the document classified again, with today's topics."""

    topic = topics.DOCUMENTS
    type = "document.reclassify_requested"
    requested_at: AwareDatetime


class TopicsCorrected(DocumentEvent):
    """Its owner filed the document by hand; said by the classifier, which knows the topics."""

    topic = topics.DOCUMENTS
    type = "document.topics_corrected"
    topic_ids: tuple[UUID, ...]
    corrected_at: AwareDatetime


class Decision(DocumentEvent):
    """What the ledger decided about an object. `used_bytes` and `limit_bytes` are the account's, right after."""

    version: Version
    used_bytes: Bytes
    limit_bytes: Bytes
    decided_at: AwareDatetime


class QuotaReserved(Decision):
    """The object's bytes are paid for: the document is uploaded."""

    topic = topics.QUOTA
    type = "quota.reserved"
    size_bytes: Bytes
    etag: ETag


class QuotaRejected(Decision):
    """The object may not stay: its document is gone or going, and the janitor removes it.

    `released_bytes` is what an earlier reservation of the same key had held until now.
    """

    topic = topics.QUOTA
    type = "quota.rejected"
    rejected_bytes: Bytes
    released_bytes: Bytes = 0
    etag: ETag
    reason: Literal["over_quota", "document_deleted", "object_removed", "already_rejected"]


class QuotaReleased(Decision):
    """The bytes of the key are free again (0 where nothing had been reserved)."""

    topic = topics.QUOTA
    type = "quota.released"
    released_bytes: Bytes
    reason: Literal["document_deleted", "object_removed"]


class UserEvent(Event):
    """An event about a user's account."""

    user_id: UUID

    @property
    def key(self) -> str:
        """The user id."""
        return str(self.user_id)


class LimitChanged(UserEvent):
    """An account was made or its limit set; a limit below what is used takes no byte back."""

    topic = topics.QUOTA
    type = "quota.limit_changed"
    limit_bytes: Bytes
    used_bytes: Bytes
    changed_at: AwareDatetime


class UserRegistered(UserEvent):
    """A user exists; the ledger opens an account with `limit_bytes`, or with its default where that is absent."""

    topic = topics.USERS
    type = "user.registered"
    limit_bytes: Bytes | None = None
    registered_at: AwareDatetime


class FiledTopic(BaseModel):
    """One topic a document was filed under, and why."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic_id: UUID
    name: str
    score: Annotated[float, Field(ge=0, le=1)]
    reason: str


class Classified(DocumentEvent):
    """The document was filed under its owner's topics; under none, where `note` tells a person why.

    `outcome` tells the same to a program: filed, corrected (its owner filed it by hand), nothing_fits or no_topics;
    more may come. `media_type` is the real type, by content, where the document was read; `language` is ISO 639-1.
    """

    topic = topics.CLASSIFICATION
    type = "document.classified"
    version: Version
    topics: tuple[FiledTopic, ...]
    classified_at: AwareDatetime
    outcome: str | None = None
    note: str | None = None
    media_type: str | None = None
    language: str | None = None


class ClassificationFailed(DocumentEvent):
    """The document could not be classified; `reason` is for a person, `outcome` for a program.

    Outcomes: empty, encrypted, corrupt, unsupported, no_text, too_large, too_slow, too_much_memory, unreadable,
    model_failed; more may come.
    """

    topic = topics.CLASSIFICATION
    type = "document.classification_failed"
    version: Version
    reason: str
    failed_at: AwareDatetime
    outcome: str | None = None
    media_type: str | None = None


class ObjectRemoved(DocumentEvent):
    """The janitor removed the object (or found it gone already)."""

    topic = topics.STORAGE_JANITOR
    type = "object.removed"
    cause: Literal["quota.rejected", "document.deleted", "quota.released"]
    removed_at: AwareDatetime


class ObjectObserved(Observation):
    """Somebody looked at the store and found an object that nobody had decided, or another than was decided.

    It asks: where it is no news to the ledger, the ledger says its last decision about the key again.
    """

    topic = topics.STORAGE_JANITOR
    type = "object.observed"


class ObjectMissing(DocumentEvent):
    """Somebody looked at the store, at `observed_ns` or after, and found nothing under a key that was decided.

    `observed_ns` is no later than the look by the store's clock, so that it never outdates bytes that came after. It
    asks: where it is no news to the ledger, the ledger says its last decision about the key again; where there is none,
    it says and does nothing, since bytes may still come.
    """

    topic = topics.STORAGE_JANITOR
    type = "object.missing"
    observed_ns: Nanoseconds


class UploadAbandoned(DocumentEvent):
    """No bytes ever came and the URL is dead: the document row goes."""

    topic = topics.STORAGE_JANITOR
    type = "upload.abandoned"
    abandoned_at: AwareDatetime


class DocumentChanged(UserEvent):
    """A document of the user may have become another, and the account with it: look again.

    A hint, said after what it hints at can be read, at least once, and kept for an hour: no more than a stream to
    clients needs. It tells neither what has changed nor any name or number.
    """

    topic = topics.CHANGES
    type = "document.changed"
    document_id: UUID


class AccountChanged(UserEvent):
    """The user's account may have become another, and no document with it: look again. A hint like the other."""

    topic = topics.CHANGES
    type = "account.changed"


ALL: tuple[type[Event], ...] = (
    UploadRequested, UploadObserved, DocumentDeleted, ReclassifyRequested, TopicsCorrected,
    QuotaReserved, QuotaRejected, QuotaReleased, LimitChanged,
    Classified, ClassificationFailed,
    ObjectRemoved, ObjectObserved, ObjectMissing, UploadAbandoned,
    UserRegistered,
    DocumentChanged, AccountChanged,
)  # fmt: skip
BY_TYPE: dict[str, type[Event]] = {event.type: event for event in ALL}
