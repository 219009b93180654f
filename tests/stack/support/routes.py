"""Every route that wants a token, once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """A request as it would succeed; `{document}` and `{user}` stand for ids."""

    method: str
    path: str
    body: bytes | None = None

    def of(self, document_id: str, user_id: object) -> Route:
        """The route about one document and one user."""
        return Route(self.method, self.path.format(document=document_id, user=user_id), self.body)


PART_NUMBERS = b'{"part_numbers": [1]}'
PARTS = b'{"parts": [{"PartNumber": 1, "ETag": "e"}]}'
DOCUMENT_ROUTES = (
    Route("POST", "/api/documents/{document}/confirm"),
    Route("GET", "/api/documents/{document}"),
    Route("DELETE", "/api/documents/{document}"),
    Route("POST", "/api/documents/{document}/classify"),
    Route("GET", "/api/documents/multipart/{document}/parts"),
    Route("POST", "/api/documents/multipart/{document}/parts/sign", PART_NUMBERS),
    Route("POST", "/api/documents/multipart/{document}/complete", PARTS),
    Route("DELETE", "/api/documents/multipart/{document}"),
)
ADMIN_ROUTES = (
    Route("GET", "/api/admin/quotas/{user}"),
    Route("PUT", "/api/admin/quotas/{user}", b'{"limit_bytes": 1}'),
)
ROUTES = (
    Route("POST", "/api/documents/upload-url", b'{"filename": "a.txt", "content_type": "text/plain"}'),
    Route("POST", "/api/documents/multipart", b'{"filename": "a.txt", "content_type": "text/plain"}'),
    Route("POST", "/api/documents/sign-request", b'{"method": "PUT", "key": "k", "filename": "a.txt"}'),
    Route("GET", "/api/documents"),
    Route("GET", "/api/auth/me/quota"),
    *DOCUMENT_ROUTES,
    *ADMIN_ROUTES,
)
