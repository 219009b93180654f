"""A client of uploads in parts, as thin as the one it stands on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientSession
from yarl import URL

from tests.stack.support.api import Answer, Client

LEAST = 5 * 1024 * 1024
"""The least size of a part that is not the last."""


async def put_part(session: ClientSession, url: str, data: bytes) -> str:
    """The etag that the store answers a PUT of a part with, as a browser reads it."""
    async with session.put(URL(url, encoded=True), data=BytesIO(data), skip_auto_headers={"Content-Type"}) as response:
        assert response.status == 200, await response.text()
        return str(response.headers["ETag"])


def query_of(url: str) -> dict[str, str]:
    """The query of a URL, empty values too."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload in parts that was begun."""

    document_id: str
    key: str
    upload_id: str

    @property
    def url(self) -> str:
        """As of any upload; it has none of its own."""
        return ""

    @property
    def path(self) -> str:
        """Where the service has it."""
        return f"/api/documents/multipart/{self.document_id}"


class InParts:
    """One caller's uploads in parts."""

    def __init__(self, client: Client, session: ClientSession) -> None:
        self.client = client
        self._session = session

    async def begin(self, filename: str = "film.mp4", **fields: object) -> Begun:
        """A new upload."""
        body = {"filename": filename, "content_type": "video/mp4", **fields}
        answer = await self.client.send("POST", "/api/documents/multipart", body)
        assert answer.status == 200, answer
        return Begun(answer.body["document_id"], answer.body["key"], answer.body["upload_id"])

    async def sign(self, begun: Begun, *numbers: int) -> Answer:
        """Asks for URLs."""
        return await self.client.send("POST", f"{begun.path}/parts/sign", {"part_numbers": numbers})

    async def put(self, begun: Begun, parts: Mapping[int, bytes]) -> list[dict[str, Any]]:
        """Puts parts by URLs of their own; what completes them."""
        signed = await self.sign(begun, *parts)
        assert signed.status == 200, signed
        urls = signed.body["urls"]
        self.client.note(*urls.values())
        etags = await asyncio.gather(
            *(put_part(self._session, urls[str(number)], data) for number, data in parts.items())
        )
        return [{"PartNumber": number, "ETag": etag} for number, etag in zip(parts, etags, strict=True)]

    async def list(self, begun: Begun) -> Answer:
        """Lists the parts."""
        return await self.client.call("GET", f"{begun.path}/parts")

    async def complete(self, begun: Begun, parts: Sequence[Mapping[str, Any]]) -> Answer:
        """Completes."""
        return await self.client.send("POST", f"{begun.path}/complete", {"parts": parts})

    async def abort(self, begun: Begun) -> Answer:
        """Aborts."""
        return await self.client.call("DELETE", begun.path)
