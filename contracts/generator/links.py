"""Where an answer leads: OpenAPI's links, by which a reader, a tool or a test walks from one operation to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from generator.files import JsonObject


@dataclass(frozen=True, slots=True)
class Link:
    """What the answer `status` of `source` gives to `target`: the values of parameters, or a body.

    A value that begins with `$` is a runtime expression of OpenAPI, such as `$response.body#/id`.
    """

    source: str
    status: int
    target: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] = field(default_factory=dict)


_OF_DOCUMENT = (
    "confirmUpload", "getDocument", "getTimeline", "downloadDocument", "classifyDocument", "setDocumentTopics",
    "undoDocumentTopics", "deleteDocument",
)  # fmt: skip
_OF_UPLOAD = ("listParts", "signParts", "completeMultipartUpload", "abortMultipartUpload")
_OF_TOPIC = ("getTopic", "changeTopic", "deleteTopic")
_PART = {"method": "PUT", "key": "$response.body#/key", "uploadId": "$response.body#/uploadId", "partNumber": 1}


def _to(source: str, status: int, targets: tuple[str, ...], parameter: str, found: str) -> Iterator[Link]:
    return (Link(source, status, target, {parameter: found}) for target in targets)


ALL: tuple[Link, ...] = (
    *_to("createUploadUrl", 200, _OF_DOCUMENT, "id", "$response.body#/document_id"),
    *_to("createUploadUrls", 200, _OF_DOCUMENT, "id", "$response.body#/uploads/0/document_id"),
    *_to("signRequest", 200, _OF_DOCUMENT, "id", "$response.body#/document_id"),
    *_to("listDocuments", 200, _OF_DOCUMENT, "id", "$response.body#/items/0/id"),
    Link("listDocuments", 200, "listDocuments", {"cursor": "$response.body#/next_cursor"}),
    *_to("createMultipartUpload", 200, _OF_UPLOAD, "document_id", "$response.body#/document_id"),
    Link("createMultipartUpload", 200, "signRequest", body=_PART),
    *_to("createMultipartUpload", 200, _OF_DOCUMENT, "id", "$response.body#/document_id"),
    *_to("createTopic", 201, _OF_TOPIC, "id", "$response.body#/id"),
    *_to("listTopics", 200, _OF_TOPIC, "id", "$response.body#/items/0/id"),
)
"""In the order of the API's description: of the answers by which an id is learned, not of those that repeat one."""


def links_of(operation_id: str, status: int) -> Mapping[str, JsonObject]:
    """The links of one answer, by the names of where they lead; none where it leads nowhere."""
    return {each.target: _described(each) for each in ALL if (each.source, each.status) == (operation_id, status)}


def _described(link: Link) -> JsonObject:
    given: JsonObject = {"operationId": link.target}
    if link.parameters:
        given["parameters"] = dict(link.parameters)
    if link.body:
        given["requestBody"] = dict(link.body)
    return given
