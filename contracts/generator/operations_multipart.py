"""Large uploads, and signing for Uppy: the upload service's other way in."""

from __future__ import annotations

from docuvault_contracts import http, http_multipart

from generator.operation import INVALID, LIMITED, NO_DOCUMENT, OVER_QUOTA, TOO_LARGE, Answer, Operation

CLOSED = Answer(
    409,
    "Complete already, expired, or the store has lost it",
    http.ErrorBody,
    http_multipart.MULTIPART_COMPLETE,
)
DID_NOT_FIT = Answer(
    413,
    "It did not fit: the document and its object are gone. Or the request's body is too large",
    http.QuotaExceededBody,
    or_body=http.ErrorBody,
)
BEGIN = Operation(
    "createMultipartUpload",
    "post",
    "/api/documents/multipart",
    "Begin an upload of many parts",
    "documents",
    (Answer(200, "The upload, good for a day", http_multipart.Multipart), OVER_QUOTA, INVALID, LIMITED),
    body=http_multipart.MultipartRequest,
    idempotent=True,
    description="Makes a document of status `pending`. Have parts signed, PUT them, complete, confirm.",
)
LIST_PARTS = Operation(
    "listParts",
    "get",
    "/api/documents/multipart/{document_id}/parts",
    "List the parts that the store holds",
    "documents",
    (Answer(200, "All of them, by number", http_multipart.UploadedPart, many=True), NO_DOCUMENT, CLOSED),
    description="What a client that was reloaded goes on from.",
)
SIGN_PARTS = Operation(
    "signParts",
    "post",
    "/api/documents/multipart/{document_id}/parts/sign",
    "Ask for URLs to PUT parts to",
    "documents",
    (Answer(200, "The URLs", http_multipart.SignedParts), NO_DOCUMENT, CLOSED, TOO_LARGE, INVALID, LIMITED),
    body=http_multipart.SignPartsRequest,
)
COMPLETE = Operation(
    "completeMultipartUpload",
    "post",
    "/api/documents/multipart/{document_id}/complete",
    "Make the object of its parts",
    "documents",
    (
        Answer(200, "The object is there: confirm it", http_multipart.Completed),
        NO_DOCUMENT,
        CLOSED,
        DID_NOT_FIT,
        Answer(422, "The store makes no object of these parts", http.ValidationBody),
    ),
    body=http_multipart.CompleteRequest,
    description="Completing again answers the same. The ledger decides then, as with any upload.",
)
ABORT = Operation(
    "abortMultipartUpload",
    "delete",
    "/api/documents/multipart/{document_id}",
    "Abort the upload",
    "documents",
    (Answer(204, "The document is gone, and its parts are"), NO_DOCUMENT, CLOSED),
)
SIGN = Operation(
    "signRequest",
    "post",
    "/api/documents/sign-request",
    "Sign one request to the store, for Uppy's `signRequest`",
    "documents",
    (
        Answer(200, "The signed request", http_multipart.SignedRequest),
        NO_DOCUMENT,
        CLOSED,
        OVER_QUOTA,
        INVALID,
        LIMITED,
    ),
    body=http_multipart.SignRequest,
    description="Without `uploadId` it makes a document of status `pending`, whose `key` counts from then on. To have a"
    " DELETE signed is the abort: the document is gone.",
)
OF_MULTIPART = (BEGIN, LIST_PARTS, SIGN_PARTS, COMPLETE, ABORT, SIGN)
