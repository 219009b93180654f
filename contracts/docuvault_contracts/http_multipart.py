"""The bodies of large uploads: S3 multipart by presigned parts, in the shapes that Uppy's AwsS3 plugin has.

Names that Uppy or S3 reads are spelt as they spell them: `uploadId`, `PartNumber`, `ETag`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from docuvault_contracts.http import UNKNOWN_MEDIA_TYPE, FileName, MediaType, Request, Response, Size

MAX_PARTS = 10_000
MAX_SIGNED_PARTS = 100
MAX_UPLOAD_BYTES = 5 * 1024**4
"""S3's own limits of an object, and of its parts in number."""
MULTIPART_COMPLETE = "The upload is complete already: confirm it"
MULTIPART_EXPIRED = "The upload has expired: begin anew"
MULTIPART_LOST = "The store has no such multipart upload any more: begin anew"

PartNumber = Annotated[int, Field(strict=True, ge=1, le=MAX_PARTS, description="which part, from 1")]
UploadId = Annotated[str, Field(min_length=1, max_length=1024, description="the store's id of the multipart upload")]
ETag = Annotated[
    str,
    Field(pattern=r'^"?[!#-~]{1,256}"?$', description="the part's etag as the store's answer told, quotes allowed"),
    AfterValidator(lambda given: given.strip('"')),
]
_DECLARED = "the file's size in bytes, if known; the store decides"
DeclaredSize = Annotated[int, Field(strict=True, ge=0, le=MAX_UPLOAD_BYTES)]


class MultipartRequest(Request):
    """Begins a large upload. `filename` holds the stored name once validated."""

    filename: FileName
    content_type: MediaType
    size_bytes: Annotated[DeclaredSize | None, Field(description=_DECLARED)] = None


class Multipart(Response):
    """A large upload that was begun."""

    document_id: Annotated[UUID, Field(description="the document that the bytes will belong to")]
    key: Annotated[str, Field(description="the object's key")]
    upload_id: UploadId
    uploadId: UploadId  # noqa: N815 - what Uppy reads
    part_size_bytes: Annotated[
        Size,
        Field(description="a size of parts that fits the file, in bytes; every part but the last has at least 5 MiB"),
    ]
    expires_at: Annotated[AwareDatetime, Field(description="until when it may be completed; then its parts go")]


class SignPartsRequest(Request):
    """Asks for URLs of parts."""

    part_numbers: Annotated[
        tuple[PartNumber, ...], Field(min_length=1, max_length=MAX_SIGNED_PARTS, description="which parts, from 1")
    ]


class SignedParts(Response):
    """Where to PUT the parts, without any further header."""

    urls: Annotated[
        dict[str, str], Field(description="a presigned URL by each part's number; secrets until they expire")
    ]
    expires_at: Annotated[AwareDatetime, Field(description="when these URLs stop working; ask again then")]


class UploadedPart(Response):
    """A part that the store holds."""

    PartNumber: Annotated[int, Field(description="which part, from 1")]
    Size: Annotated[int, Field(ge=0, description="its size in bytes")]
    ETag: Annotated[str, Field(description="its etag, without quotes")]


class CompletedPart(Request):
    """A part of the object to be made."""

    PartNumber: PartNumber
    ETag: ETag


def _in_order(parts: tuple[CompletedPart, ...]) -> tuple[CompletedPart, ...]:
    if any(before.PartNumber >= after.PartNumber for before, after in pairwise(parts)):
        raise ValueError("the numbers of the parts must ascend, each once")
    return parts


class CompleteRequest(Request):
    """Makes the object of its parts."""

    parts: Annotated[
        tuple[CompletedPart, ...],
        Field(min_length=1, max_length=MAX_PARTS, description="all parts of the object, by ascending number"),
        AfterValidator(_in_order),
    ]


class Completed(Response):
    """The object is made: confirm it, to hear whether it fits."""

    document_id: Annotated[UUID, Field(description="the document")]
    key: Annotated[str, Field(description="the object's key")]
    location: Annotated[str, Field(description="where the object is; without a signature nobody may read it")]


class SignRequest(Request):
    """Asks to sign one request to the store: what `signRequest` of Uppy's AwsS3 (version 6) is asked, and the file.

    PUT: a file in one request. POST: begins a multipart upload. With `uploadId`: PUT puts a part, GET lists the parts,
    POST completes, DELETE aborts.
    """

    method: Annotated[Literal["GET", "POST", "PUT", "DELETE"], Field(description="of the request to the store")]
    key: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2048,
            description="the object's key; without `uploadId` it is the client's wish, and the answer's counts",
        ),
    ]
    uploadId: Annotated[UploadId | None, Field(description="the multipart upload, once begun")] = None  # noqa: N815
    partNumber: Annotated[PartNumber | None, Field(description="which part, from 1")] = None  # noqa: N815
    contentType: MediaType = UNKNOWN_MEDIA_TYPE  # noqa: N815 - as Uppy spells them all
    expiresIn: Annotated[int | None, Field(ge=1, description="seconds the URL is to live at most")] = None  # noqa: N815
    filename: Annotated[FileName | None, Field(description="the file's name, wanted without an uploadId")] = None
    size_bytes: Annotated[DeclaredSize | None, Field(description=_DECLARED)] = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        begins = self.uploadId is None
        if begins and self.method in {"GET", "DELETE"}:
            raise ValueError(f"{self.method} wants an uploadId")
        if begins and self.filename is None:
            raise ValueError(f"{self.method} without an uploadId wants a filename")
        if (self.partNumber is not None) != (self.method == "PUT" and not begins):
            raise ValueError("a partNumber goes with PUT and an uploadId, and neither without the other")
        return self


class SignedRequest(Response):
    """The request that may be sent now."""

    url: Annotated[str, Field(description="the presigned URL; a secret until it expires")]
    key: Annotated[str, Field(description="the object's key")]
    headers: Annotated[dict[str, str], Field(description="what the client must send with it, by lower-case name")]
    document_id: Annotated[UUID, Field(description="the document that the bytes belong to")]
    expires_at: Annotated[AwareDatetime, Field(description="when the URL stops working")]


BODIES: tuple[type[Request | Response], ...] = (
    MultipartRequest, Multipart, SignPartsRequest, SignedParts, UploadedPart, CompleteRequest, Completed,
    SignRequest, SignedRequest,
)  # fmt: skip
"""Every body of this part that travels, in the order of the API's description."""
