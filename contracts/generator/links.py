"""Where an answer leads: OpenAPI's links, by which a reader, a tool or a test walks from one operation to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.files import JsonObject


@dataclass(frozen=True, slots=True)
class Link:
    """What the answer `status` of `source` gives to `target`: the value of a parameter.

    `found` is a runtime expression of OpenAPI, such as `$response.body#/id`.
    """

    source: str
    status: int
    target: str
    parameter: str
    found: str


_OF_DOCUMENT = (
    "confirmUpload", "getDocument", "getTimeline", "downloadDocument", "classifyDocument", "setDocumentTopics",
    "undoDocumentTopics", "deleteDocument",
)  # fmt: skip
_OF_UPLOAD = ("listParts", "signParts", "completeMultipartUpload", "abortMultipartUpload")
_OF_TOPIC = ("getTopic", "changeTopic", "deleteTopic")
_OF_ACCOUNT = ("getAccount", "setLimit")


def _to(source: str, status: int, targets: tuple[str, ...], parameter: str, found: str) -> Iterator[Link]:
    return (Link(source, status, target, parameter, found) for target in targets)


ALL: tuple[Link, ...] = (
    *_to("createUploadUrl", 200, _OF_DOCUMENT, "id", "$response.body#/document_id"),
    *_to("createUploadUrls", 200, _OF_DOCUMENT, "id", "$response.body#/uploads/0/document_id"),
    *_to("signRequest", 200, _OF_DOCUMENT, "id", "$response.body#/document_id"),
    *_to("confirmUpload", 200, _OF_DOCUMENT, "id", "$response.body#/id"),
    *_to("listDocuments", 200, _OF_DOCUMENT, "id", "$response.body#/items/0/id"),
    Link("listDocuments", 200, "listDocuments", "cursor", "$response.body#/next_cursor"),
    *_to("createMultipartUpload", 200, _OF_UPLOAD, "document_id", "$response.body#/document_id"),
    *_to("createMultipartUpload", 200, _OF_DOCUMENT, "id", "$response.body#/document_id"),
    *_to("signParts", 200, _OF_UPLOAD, "document_id", "$request.path.document_id"),
    Link("listParts", 200, "completeMultipartUpload", "document_id", "$request.path.document_id"),
    *_to("completeMultipartUpload", 200, _OF_DOCUMENT, "id", "$response.body#/document_id"),
    *_to("createTopic", 201, _OF_TOPIC, "id", "$response.body#/id"),
    *_to("listTopics", 200, _OF_TOPIC, "id", "$response.body#/items/0/id"),
    *_to("setLimit", 200, _OF_ACCOUNT, "user_id", "$response.body#/user_id"),
)
"""In the order of the API's description."""


def links_of(operation_id: str, status: int) -> Mapping[str, JsonObject]:
    """The links of one answer, by the names of where they lead; none where it leads nowhere."""
    return {
        each.target: {"operationId": each.target, "parameters": {each.parameter: each.found}}
        for each in ALL
        if (each.source, each.status) == (operation_id, status)
    }
