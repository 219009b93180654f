"""The HTTP API, declared: each operation with everything it may answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from docuvault_contracts import http

Method = Literal["get", "post", "put", "delete"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One status of an operation. `detail` is the text of an ErrorBody; `headers` are names and what they say."""

    status: int
    description: str
    body: type[http.Response] | None = None
    detail: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `role` is what the token must say beyond being valid."""

    id: str
    method: Method
    path: str
    summary: str
    tag: str
    answers: tuple[Answer, ...]
    body: type[http.Request] | None = None
    query: type[http.Request] | None = None
    role: str | None = None
    description: str = ""


RETRY = (("Retry-After", "seconds to wait before asking again"),)
UNAUTHORIZED = Answer(
    401,
    "No token, or none that is good",
    http.ErrorBody,
    "Not authenticated",
    (("WWW-Authenticate", "the scheme that is wanted, `Bearer`"),),
)
FORBIDDEN = Answer(403, "The token's role is not admin", http.ErrorBody, "Role admin required")
UNAVAILABLE = Answer(503, "Something this needs is away for now", http.ErrorBody, "Try again later", RETRY)
TOO_LARGE = Answer(413, "The request's body is too large", http.ErrorBody, "Request body too large")
INVALID = Answer(422, "The request does not fit; each wrong field is named", http.ValidationBody)
NO_DOCUMENT = Answer(
    404, "Unknown, another user's, rejected, deleted, or no id at all", http.ErrorBody, http.DOCUMENT_NOT_FOUND
)
NO_QUOTA = Answer(404, "The user has no account", http.ErrorBody, http.QUOTA_NOT_FOUND)
ALWAYS = (UNAUTHORIZED, UNAVAILABLE)

UPLOAD_URL = Operation(
    "createUploadUrl",
    "post",
    "/api/documents/upload-url",
    "Ask for a URL to PUT a file to",
    "documents",
    (Answer(200, "The URL, good for 15 minutes", http.UploadUrlResponse), TOO_LARGE, INVALID),
    body=http.UploadUrlRequest,
    description="Makes a document of status `pending`. A bare PUT of the bytes to the URL is the upload.",
)
CONFIRM = Operation(
    "confirmUpload",
    "post",
    "/api/documents/{id}/confirm",
    "Wait until the upload is decided",
    "documents",
    (
        Answer(200, "The object is there and paid for", http.ConfirmResponse),
        Answer(202, "Still undecided: confirm again", http.Accepted, headers=RETRY),
        NO_DOCUMENT,
        Answer(413, "It does not fit; the document and its object are gone", http.QuotaExceededBody),
        Answer(422, "The store has no such object", http.ErrorBody, http.UPLOAD_NOT_FOUND),
    ),
    description="Takes no body. Confirming again answers the same and charges nothing.",
)
LIST = Operation(
    "listDocuments",
    "get",
    "/api/documents",
    "List the caller's documents, newest first",
    "documents",
    (Answer(200, "One page", http.DocumentPage), INVALID),
    query=http.DocumentQuery,
)
GET = Operation(
    "getDocument",
    "get",
    "/api/documents/{id}",
    "Look at one document",
    "documents",
    (Answer(200, "The document", http.Document), NO_DOCUMENT),
)
DELETE = Operation(
    "deleteDocument",
    "delete",
    "/api/documents/{id}",
    "Delete a document and its object",
    "documents",
    (Answer(204, "It is gone, and the quota falls by its size, once"), NO_DOCUMENT),
)
CLASSIFY = Operation(
    "classifyDocument",
    "post",
    "/api/documents/{id}/classify",
    "Classify a document again",
    "documents",
    (
        Answer(202, "It will be classified with today's topics", http.Accepted),
        NO_DOCUMENT,
        Answer(409, "Its upload is not confirmed yet", http.ErrorBody, "There is nothing to classify"),
    ),
)
MY_QUOTA = Operation(
    "getMyQuota",
    "get",
    "/api/auth/me/quota",
    "Look at the caller's account",
    "quota",
    (Answer(200, "The account", http.Quota), NO_QUOTA),
)
GET_ACCOUNT = Operation(
    "getAccount",
    "get",
    "/api/admin/quotas/{user_id}",
    "Look at any account",
    "quota",
    (Answer(200, "The account", http.AccountQuota), FORBIDDEN, NO_QUOTA),
    role="admin",
)
PUT_LIMIT = Operation(
    "setLimit",
    "put",
    "/api/admin/quotas/{user_id}",
    "Set an account's limit",
    "quota",
    (Answer(200, "The account as it is now", http.AccountQuota), FORBIDDEN, NO_QUOTA, TOO_LARGE, INVALID),
    body=http.LimitRequest,
    role="admin",
    description="A limit below what is used refuses new bytes and takes none back. 404 for what is no user id.",
)
ALL = (UPLOAD_URL, CONFIRM, LIST, GET, DELETE, CLASSIFY, MY_QUOTA, GET_ACCOUNT, PUT_LIMIT)
