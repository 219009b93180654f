"""The store's multi-delete: up to a thousand objects in one signed request, and what became of each of them.

It is made here and not by the S3 client, which writes keys into XML without regard to what XML can hold, and signs in
another thread.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import md5
from xml.etree import ElementTree as ET

from aiohttp import ClientSession
from yarl import URL

from services.chassis.presign import Presigner
from services.chassis.storage_answer import error_code, name_of, read_answer

_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>'
)
_UNTOLD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def fits_xml(object_key: str) -> bool:
    """Whether XML can tell the key at all: of control characters it holds three, and no escape helps the others."""
    return _UNTOLD.search(object_key) is None


class Deletion:
    """Deletes from the bucket that `presigner` signs for."""

    def __init__(self, session: ClientSession, presigner: Presigner) -> None:
        self._session = session
        self._presigner = presigner

    async def delete(self, object_keys: Sequence[str]) -> Counter[str]:
        """How many of them the store could not delete, by its error codes; empty where all are gone.

        Each key must fit XML. Raises what the S3 client would: S3Error, InvalidResponseError, or aiohttp's own.
        """
        body = _body(object_keys)
        digest = b64encode(md5(body, usedforsecurity=False).digest()).decode()  # MinIO demands it
        url, headers = self._presigner.bucket_post("delete", body, {"content-md5": digest}, datetime.now(UTC))
        async with self._session.post(
            URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
        ) as response:
            answer = await read_answer(response, "DeleteResult")
        with answer.understood():
            return _errors(answer.root)


def _body(object_keys: Sequence[str]) -> bytes:
    objects = [f"<Object><Key>{key.translate(_ESCAPED)}</Key></Object>" for key in object_keys]
    return f"{_HEAD}{''.join(objects)}</Delete>".encode()


def _errors(root: ET.Element) -> Counter[str]:
    """Asked to be quiet, the store tells of no key that is gone. Raises ValueError for an error without a code."""
    return Counter(error_code(child) for child in root if name_of(child) == "Error")
