"""The store's answer to the calls that are made here: S3's XML, or the exception that the S3 client would raise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from aiohttp import ClientResponse
from miniopy_async.error import InvalidResponseError, S3Error

from services.chassis.web_answer import read_at_most

OK = 200
MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""Above a page of the longest keys and a list of the most parts, far below what would harm a process."""
SHOWN_BYTES = 200
UNREADABLE = (ET.ParseError, ValueError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of status 200, whose XML has the root that was asked for."""

    response: ClientResponse
    body: bytes
    root: ET.Element

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Inside, what is missing or makes no sense (ValueError, KeyError, TypeError) is no answer of S3's."""
        try:
            yield
        except UNREADABLE as error:
            raise _none_of_s3s(self.response, self.body) from error


async def read_answer(response: ClientResponse, root: str) -> Answer:
    """The answer, whose root is `root`. Raises S3Error for what the store refuses, whatever the status says.

    Raises InvalidResponseError for anything else, such as a proxy's page or an answer that was cut.
    """
    body = await read_at_most(response, MAX_ANSWER_BYTES)
    if body is None:
        raise _none_of_s3s(response, b"more than S3 has to say")
    try:
        found = ET.fromstring(body)  # noqa: S314 - the store's own; expat knows of the bombs there are
        if response.status == OK and name_of(found) == root:
            return Answer(response, body, found)
        code = error_code(found)
    except UNREADABLE as error:
        raise _none_of_s3s(response, body) from error
    raise S3Error(code, None, None, None, None, response)  # what it said may quote the URL


def error_code(element: ET.Element) -> str:
    """The code that an Error element tells. Raises ValueError where it is none."""
    codes = [child.text for child in element if name_of(child) == "Code"]
    if name_of(element) != "Error" or not codes or not codes[0]:
        raise ValueError(element.tag)
    return codes[0]


def name_of(element: ET.Element) -> str:
    """Without the namespace."""
    return element.tag.rpartition("}")[2]


def _none_of_s3s(response: ClientResponse, body: bytes) -> InvalidResponseError:
    kind = response.headers.get("Content-Type", "")
    return InvalidResponseError(response.status, kind, body[:SHOWN_BYTES].decode(errors="replace"))
