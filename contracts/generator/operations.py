"""The HTTP API, declared: each operation with everything it may answer."""

from __future__ import annotations

from docuvault_contracts import http, http_uploads

from generator.operation import (
    FORBIDDEN,
    INVALID,
    LIMITED,
    NO_DOCUMENT,
    NO_QUOTA,
    OVER_QUOTA,
    RETRY,
    TOO_LARGE,
    Answer,
    Operation,
)
from generator.operations_live import LIVE
from generator.operations_multipart import OF_MULTIPART
from generator.operations_sign_in import SIGN_INS
from generator.operations_topics import OF_CLASSIFIER

UPLOAD_URL = Operation(
    "createUploadUrl",
    "post",
    "/api/documents/upload-url",
    "Ask for a URL to PUT a file to",
    "documents",
    (Answer(200, "The URL, good for 15 minutes", http.UploadUrlResponse), OVER_QUOTA, INVALID, LIMITED),
    body=http.UploadUrlRequest,
    description="Makes a document of status `pending`. A PUT of the bytes to the URL is the upload; it is a bare one"
    " unless `headers` say otherwise. A declared size that cannot fit is refused at once, as far as is known: the"
    " ledger decides once the bytes are there.",
    idempotent=True,
)
UPLOAD_URLS = Operation(
    "createUploadUrls",
    "post",
    "/api/documents/upload-urls",
    "Ask for the URLs of up to 100 files",
    "documents",
    (Answer(200, "A URL or a reason for each", http_uploads.UploadUrlsResponse), TOO_LARGE, INVALID, LIMITED),
    body=http_uploads.UploadUrlsRequest,
    description="As one by one, in one transaction: of declared sizes those fit for which there is room beside the"
    " files before them. A file that is malformed refuses the whole.",
    idempotent=True,
)
DOWNLOAD = Operation(
    "downloadDocument",
    "get",
    "/api/documents/{id}/download",
    "Fetch a document's bytes",
    "documents",
    (
        Answer(200, "The same, to who says `Accept: application/json`", http_uploads.DownloadUrl),
        Answer(
            302,
            "Where the bytes are, for 60 seconds",
            headers=(("Location", "a presigned URL, which saves the file under its name; a secret"),),
        ),
        NO_DOCUMENT,
        Answer(409, "Its upload is not confirmed yet", http.ErrorBody, "There is nothing to download"),
    ),
    description="The browser saves the file and shows nothing of it. A page whose token is in a header asks for JSON,"
    " and leads the browser to the URL.",
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
    "List the caller's documents, newest first unless asked otherwise",
    "documents",
    (Answer(200, "One page", http.DocumentPage), INVALID),
    query=http.DocumentQuery,
    description="A cursor goes with the sort, search and filters of its page alone: with others it is a 422. Documents"
    " that come while pages are turned move no other from its page.",
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
ALL = (
    UPLOAD_URL,
    UPLOAD_URLS,
    CONFIRM,
    LIST,
    GET,
    DOWNLOAD,
    DELETE,
    CLASSIFY,
    *OF_MULTIPART,
    *LIVE,
    *OF_CLASSIFIER,
    MY_QUOTA,
    GET_ACCOUNT,
    PUT_LIMIT,
    *SIGN_INS,
)
