"""The bodies of the HTTP API, one model each. Sizes are bytes; times are RFC 3339 with a time zone.

Requests ignore fields they do not know, so that a newer client is understood; responses are exact.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from docuvault_contracts.events import INT64_MAX

DocumentStatus = Literal["pending", "uploaded", "classified", "classification_failed"]
"""What a client sees; what was rejected or deleted is no document any more."""

DocumentSort = Literal["newest", "oldest", "name", "largest"]
"""In which order documents are listed."""

MAX_FILENAME_LENGTH = 1024
MAX_PAGE = 100
MAX_CURSOR_LENGTH = 2048
MAX_SEARCH_LENGTH = 200
MAX_SEARCH_WORDS = 8
DEFAULT_PAGE = 50
DEFAULT_LIMIT_BYTES = 104_857_600
UPLOAD_NOT_FOUND = "Upload not found — presigned URL may have expired"
DOCUMENT_NOT_FOUND = "Document not found"
QUOTA_NOT_FOUND = "Quota not found"

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's word for a run of such characters
_MEDIA_TYPE = rf"^({_TOKEN}/{_TOKEN}( *;[ -~]*)?)?$"
UNKNOWN_MEDIA_TYPE = "application/octet-stream"
_REFUSED_CATEGORIES = {"Cc": "control character", "Cs": "lone surrogate", "Zl": "line break", "Zp": "line break"}


def refuse_characters(text: str, but: str = "") -> None:
    """Raises ValueError, which names the place, for characters that belong in no text but those of `but`."""
    for position, character in enumerate(text):
        refused = _REFUSED_CATEGORIES.get(unicodedata.category(character))
        if refused is not None and character not in but:
            raise ValueError(f"character {position} is a {refused} (U+{ord(character):04X})")


def stored_name(filename: str) -> str:
    """The last path component of what the client calls the file; that alone is kept.

    Raises ValueError for control characters (NUL among them), lone surrogates, line breaks, and where nothing is left.
    """
    refuse_characters(filename)
    name = filename.replace("\\", "/").rsplit("/", 1)[-1].strip()
    if name in {"", ".", ".."}:
        raise ValueError("the last path component names no file")
    return name


def searched(text: str) -> str:
    """What is searched for, as it came. Raises ValueError for a NUL, which no name has, and for too many words."""
    if "\0" in text:
        raise ValueError("a NUL is in no file's name")
    if len(text.split()) > MAX_SEARCH_WORDS:
        raise ValueError(f"more than {MAX_SEARCH_WORDS} words")
    return text


FileName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_FILENAME_LENGTH,
        description="the file's name, without control characters; of a path, the last component",
    ),
    AfterValidator(stored_name),
]
MediaType = Annotated[
    str,
    Field(
        max_length=255,
        pattern=_MEDIA_TYPE,
        description="the media type, type/subtype, parameters allowed; empty, as browsers say of a file that they do"
        " not know, counts as application/octet-stream",
    ),
    AfterValidator(lambda given: given or UNKNOWN_MEDIA_TYPE),
]
Size = Annotated[int, Field(strict=True, ge=0, le=INT64_MAX)]


class Request(BaseModel):
    """What a client sends; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", cache_strings="keys")  # as with events


class Response(BaseModel):
    """What a client gets; there are no other fields than these."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class UploadUrlRequest(Request):
    """Asks for a presigned URL. `filename` holds the stored name once validated."""

    filename: FileName
    content_type: MediaType
    size_bytes: Annotated[
        Size | None,
        Field(description="the file's size in bytes, where it is known: what cannot fit is refused at once"),
    ] = None
    bound: Annotated[
        bool,
        Field(strict=True, description="whether the URL takes exactly `size_bytes` bytes, once; then that is required"),
    ] = False

    @field_validator("bound")
    @classmethod
    def _binds_a_size(cls, bound: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - as pydantic calls it
        if bound and info.data.get("size_bytes", 0) is None:  # one that does not fit is named by itself
            raise ValueError("a bound URL needs size_bytes")
        return bound


class UploadUrlResponse(Response):
    """Where to PUT the bytes, with which headers."""

    upload_url: Annotated[str, Field(description="the presigned URL; a secret until it expires")]
    document_id: Annotated[UUID, Field(description="the document that the bytes will belong to")]
    expires_at: Annotated[AwareDatetime, Field(description="when the URL stops working")]
    method: Annotated[Literal["PUT"], Field(description="the HTTP method of the upload")] = "PUT"
    headers: Annotated[
        dict[str, str],
        Field(description="what the client must send, by name; empty but for a bound URL. The length it sends anyway"),
    ] = {}


class ConfirmResponse(Response):
    """The object is there and paid for."""

    id: Annotated[UUID, Field(description="the document")]
    size_bytes: Annotated[Size, Field(description="the object's size in bytes, as the store tells it")]
    used_bytes: Annotated[Size, Field(description="the account's bytes in use, right after this upload was reserved")]
    status: Annotated[Literal["uploaded"], Field(description="always `uploaded`")] = "uploaded"


class Accepted(Response):
    """The work goes on after this answer: look again later."""

    id: Annotated[UUID, Field(description="the document")]
    status: Annotated[DocumentStatus, Field(description="the document's status when this was answered")]
    detail: Annotated[str, Field(description="what goes on, for a person")] = ""


class QuotaExceeded(Response):
    """Why the bytes were refused; all numbers are of the moment of the decision."""

    used_bytes: Annotated[Size, Field(description="the account's bytes in use, without the refused ones")]
    limit_bytes: Annotated[Size, Field(description="the account's limit in bytes; 0 without an account")]
    rejected_bytes: Annotated[Size, Field(description="the size in bytes of what was refused")]
    over_by_bytes: Annotated[Size, Field(description="by how many bytes it does not fit")]

    @classmethod
    def of(cls, used_bytes: int, limit_bytes: int, rejected_bytes: int) -> QuotaExceeded:
        """The refusal of `rejected_bytes`. Bytes that were refused before and would fit by now are over by none."""
        over = min(max(used_bytes + rejected_bytes - limit_bytes, 0), INT64_MAX)
        return cls(used_bytes=used_bytes, limit_bytes=limit_bytes, rejected_bytes=rejected_bytes, over_by_bytes=over)


class QuotaExceededBody(Response):
    """The body of a 413 about the quota."""

    detail: Annotated[QuotaExceeded, Field(description="the account and what did not fit")]


class ErrorBody(Response):
    """The body of every error that is about no single field."""

    detail: Annotated[str, Field(description="what is wrong, for a person")]


class ValidationDetail(Response):
    """One thing that is wrong with a request."""

    loc: Annotated[
        tuple[str | int, ...],
        Field(description="where: `body`, `query` or `header`, then the field, then positions within it", min_length=1),
    ]
    msg: Annotated[str, Field(description="what is wrong, for a person")]
    type: Annotated[str, Field(description="what is wrong, for a program")]


class ValidationBody(Response):
    """The body of a 422 about fields."""

    detail: Annotated[tuple[ValidationDetail, ...], Field(description="everything that is wrong", min_length=1)]


class DocumentTopic(Response):
    """One topic that a document is filed under."""

    topic_id: Annotated[UUID, Field(description="the topic")]
    name: Annotated[str, Field(description="the topic's name when the document was filed")]
    score: Annotated[float, Field(ge=0, le=1, description="how sure the classifier is, 0 to 1")]
    reason: Annotated[str, Field(description="why, for a person")] = ""


class Document(Response):
    """One document of the caller."""

    id: Annotated[UUID, Field(description="the document")]
    filename: Annotated[str, Field(description="the file's name, without a path")]
    content_type: Annotated[str, Field(description="the media type that the client told")]
    size_bytes: Annotated[Size, Field(description="the object's size in bytes; 0 while pending")]
    declared_bytes: Annotated[
        Size | None, Field(description="the size in bytes that the client declared for its upload; else null")
    ] = None
    status: Annotated[DocumentStatus, Field(description="how far the document is")]
    topics: Annotated[tuple[DocumentTopic, ...], Field(description="what it is filed under, best first")] = ()
    created_at: Annotated[AwareDatetime, Field(description="when its URL was asked for")]
    updated_at: Annotated[AwareDatetime, Field(description="when its status last changed")]
    reason: Annotated[
        str | None,
        Field(description="why the classification failed, or why it is filed under nothing, for a person; else null"),
    ] = None


class DocumentQuery(Request):
    """The query of the document list."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="documents per page")] = DEFAULT_PAGE
    cursor: Annotated[
        str | None,
        Field(
            max_length=MAX_CURSOR_LENGTH,
            description="`next_cursor` of the page before, with the same sort, search and filters",
        ),
    ] = None
    status: Annotated[DocumentStatus | None, Field(description="only documents with this status")] = None
    topic: Annotated[
        str | None, Field(min_length=1, max_length=256, description="only documents filed under it: its id or its name")
    ] = None
    search: Annotated[
        str | None,
        Field(
            max_length=MAX_SEARCH_LENGTH,
            description=f"only documents whose file name has each of these words, {MAX_SEARCH_WORDS} at most, anywhere"
            " in it; upper case and accents do not count. Blank is as none",
        ),
        AfterValidator(lambda given: None if given is None else searched(given)),
    ] = None
    sort: Annotated[
        DocumentSort,
        Field(description="the order: newest or oldest first, by file name as a search reads it, or largest first"),
    ] = "newest"


class DocumentPage(Response):
    """A page of the caller's documents, in the order that was asked for."""

    items: Annotated[tuple[Document, ...], Field(description="the documents of this page")]
    next_cursor: Annotated[str | None, Field(description="asks for the next page; null on the last")] = None


class Quota(Response):
    """The caller's account."""

    used_bytes: Annotated[Size, Field(description="bytes in use")]
    limit_bytes: Annotated[Size, Field(description="the limit in bytes; may be below what is used")]


class LimitRequest(Request):
    """Sets an account's limit, and opens the account where there is none."""

    limit_bytes: Annotated[Size, Field(description="the limit in bytes; below what is used it takes nothing back")]


class AccountQuota(Response):
    """An account as an administrator sees it."""

    user_id: Annotated[UUID, Field(description="whose account it is")]
    used_bytes: Annotated[Size, Field(description="bytes in use")]
    limit_bytes: Annotated[Size, Field(description="the limit in bytes")]


BODIES: tuple[type[Request | Response], ...] = (
    UploadUrlRequest, UploadUrlResponse, ConfirmResponse, Accepted, QuotaExceededBody, ErrorBody, ValidationBody,
    Document, DocumentPage, Quota, LimitRequest, AccountQuota,
)  # fmt: skip
"""Every body of documents and quotas that travels, in the order of the API's description; see http_topics, too."""
