"""Ready-made requests: upload URLs, confirms, and PUTs with a presigned URL."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote, urlsplit

from deploy.local.info import StackInfo

CONTENT = b"%PDF-1.7\n" + b"x" * 991
"""What is put: 1,000 bytes."""
_ASKED = json.dumps({"filename": "scan of a letter.pdf", "content_type": "application/pdf"}).encode()
_LIFE_SECONDS = 6 * 60 * 60


def upload_url(token: str) -> bytes:
    """POST /api/documents/upload-url."""
    return _post("/api/documents/upload-url", token, _ASKED)


def confirm(token: str, document_id: str) -> bytes:
    """POST /api/documents/{id}/confirm."""
    return _post(f"/api/documents/{document_id}/confirm", token, b"")


def _post(path: str, token: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*head, "", "")).encode() + body


def document(token: str, document_id: str) -> bytes:
    """GET /api/documents/{id}."""
    head = (f"GET /api/documents/{document_id} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}")
    return "\r\n".join((*head, "", "")).encode()


def put(url: str, content: bytes = CONTENT, content_type: str = "") -> bytes:
    """PUT to a presigned URL."""
    return _stored("PUT", url, content, content_type)


def head(url: str) -> bytes:
    """HEAD of an object by a presigned URL."""
    return _stored("HEAD", url, b"")


def _stored(method: str, url: str, body: bytes, content_type: str = "") -> bytes:
    parts = urlsplit(url)
    head = [f"{method} {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    head += [f"Content-Type: {content_type}"] if content_type else []
    return "\r\n".join((*head, "", "")).encode() + body


def presigned(info: StackInfo, method: str, object_key: str, now: datetime | None = None) -> str:
    """A URL to PUT or HEAD an object with, signed as AWS Signature Version 4 says, by the upload service's own key.

    Only for generated keys of unreserved characters and slashes: a load needs tens of thousands, in a second.
    """
    time = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    key = info.store_keys["upload"]
    scope = f"{time[:8]}/{info.minio_region}/s3/aws4_request"
    query = (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={quote(f'{key.access_key}/{scope}', safe='')}"
        f"&X-Amz-Date={time}&X-Amz-Expires={_LIFE_SECONDS}&X-Amz-SignedHeaders=host"
    )
    path = f"/{info.bucket}/{object_key}"
    asked = f"{method}\n{path}\n{query}\nhost:{info.minio_endpoint}\n\nhost\nUNSIGNED-PAYLOAD"
    text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    signature = hmac.digest(_signing_key(key.secret_key, time[:8], info.minio_region), text.encode(), "sha256").hex()
    return f"http://{info.minio_endpoint}{path}?{query}&X-Amz-Signature={signature}"


@lru_cache
def _signing_key(secret: str, day: str, region: str) -> bytes:
    made = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        made = hmac.digest(made, part.encode(), "sha256")
    return made
