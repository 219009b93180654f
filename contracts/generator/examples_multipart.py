"""One example of each body of large uploads."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from docuvault_contracts import http, http_multipart

UPLOAD_ID = "YjQyZjJiYzktMTJhYi00ZDk1LTk2ZDgtMWM4ZDFlY2FmN2Ew"


def all_bodies(document: UUID, key: str, etag: str, then: datetime) -> tuple[http.Request | http.Response, ...]:
    """In the order of `http_multipart.BODIES`."""
    size = 250_000_000
    url = f"http://localhost:9000/documents/{key}?partNumber=1&uploadId={UPLOAD_ID}&X-Amz-Signature=…"
    known = {"document_id": document, "key": key}
    part = {"PartNumber": 1, "ETag": etag}
    return (
        http_multipart.MultipartRequest(filename="film.mp4", content_type="video/mp4", size_bytes=size),
        http_multipart.Multipart.model_validate(
            known
            | {"upload_id": UPLOAD_ID, "uploadId": UPLOAD_ID, "part_size_bytes": 16_777_216}
            | {"expires_at": then + timedelta(days=1)}
        ),
        http_multipart.SignPartsRequest(part_numbers=(1,)),
        http_multipart.SignedParts(urls={"1": url}, expires_at=then + timedelta(hours=1)),
        http_multipart.UploadedPart.model_validate(part | {"Size": 16_777_216}),
        http_multipart.CompleteRequest.model_validate({"parts": (part,)}),
        http_multipart.Completed.model_validate(known | {"location": f"http://localhost:9000/documents/{key}"}),
        http_multipart.SignRequest(method="PUT", key=key, uploadId=UPLOAD_ID, partNumber=1),
        http_multipart.SignedRequest.model_validate(
            known | {"url": url, "headers": {}, "expires_at": then + timedelta(hours=1)}
        ),
    )
