"""The bodies of uploads that are asked for together, of retries that make nothing twice, and of downloads."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from docuvault_contracts.http import QuotaExceeded, Request, Response, UploadUrlRequest, UploadUrlResponse

MAX_FILES = 100
IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header by which a request that was sent again makes nothing twice."""
IDEMPOTENCY_KEY_PATTERN = "^[ -~]{1,255}$"
OVER_QUOTA = "over_quota"

Index = Annotated[int, Field(ge=0, lt=MAX_FILES, description="the file's place in the request, from 0")]


class UploadUrlsRequest(Request):
    """Asks for the presigned URLs of several files."""

    files: Annotated[
        tuple[UploadUrlRequest, ...],
        Field(min_length=1, max_length=MAX_FILES, description="the files, in the order in which they take up room"),
    ]


class UploadOfMany(UploadUrlResponse):
    """Where to PUT the bytes of one of them."""

    index: Index


class RefusedOfMany(Response):
    """One of them that gets no URL."""

    index: Index
    reason: Annotated[str, Field(description="why, for a program: `over_quota`; more may come")] = OVER_QUOTA
    detail: Annotated[QuotaExceeded, Field(description="the account, with the files before it in use")]


class UploadUrlsResponse(Response):
    """Every file of the request is in one of the two lists, both in its order."""

    uploads: Annotated[tuple[UploadOfMany, ...], Field(description="those that fit, or whose size nobody knows")]
    refused: Annotated[tuple[RefusedOfMany, ...], Field(description="those that do not fit; nothing was made for them")]


class DownloadUrl(Response):
    """Where a document's bytes are, for a client that cannot follow a redirect with its token."""

    url: Annotated[str, Field(description="the presigned URL, which saves the file under its name; a secret")]
    expires_at: Annotated[AwareDatetime, Field(description="until when a download must have begun")]


BODIES: tuple[type[Request | Response], ...] = (UploadUrlsRequest, UploadUrlsResponse, DownloadUrl)
"""Every body of these that travels, in the order of the API's description."""
