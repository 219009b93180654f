"""What the answers of a walk along the links told, so that later calls and checks can rest on it. Pure.

`call` is a method and a path of the OpenAPI, such as `GET /api/documents/{id}`; ids are texts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Known:
    """What there is: all documents, those of them that are multipart uploads, the parts that were sent, topics.

    `upload_ids` are the store's, by the key of the object.
    """

    documents: set[str] = field(default_factory=set)
    uploads: set[str] = field(default_factory=set)
    upload_ids: dict[str, str] = field(default_factory=dict)
    parts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    topics: list[str] = field(default_factory=list)

    def learn(self, call: str, about: str, answer: Any) -> None:
        """From a success; `about` is the id in the path, `answer` the body, None without one."""
        match call:
            case "POST /api/documents/upload-url" | "POST /api/documents/sign-request":
                self.documents.add(answer["document_id"])
            case "POST /api/documents/upload-urls":
                self.documents.update(each["document_id"] for each in answer["uploads"])
            case "POST /api/documents/multipart":
                self.documents.add(answer["document_id"])
                self.uploads.add(answer["document_id"])
                self.upload_ids[answer["key"]] = answer["upload_id"]
            case "DELETE /api/documents/{id}" | "DELETE /api/documents/multipart/{document_id}":
                self.documents.discard(about)
                self.uploads.discard(about)
            case "POST /api/topics":
                self.topics.append(answer["id"])
            case "DELETE /api/topics/{id}" if about in self.topics:
                self.topics.remove(about)

    def must_find(self, call: str, about: str) -> bool:
        """Whether a 404 would be wrong. What the classifier has not heard of yet, nobody can file."""
        _, _, path = call.partition(" ")
        if path == "/api/documents/{id}/topics":
            return False
        if path.startswith("/api/documents/multipart/"):
            return about in self.uploads
        return about in (self.topics if path.startswith("/api/topics/") else self.documents)
