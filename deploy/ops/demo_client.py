"""A client of the HTTP API, as a browser would be one: asks for a URL, puts the bytes to the store, confirms."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from aiohttp import ClientSession
from yarl import URL

from deploy.local.info import StackInfo
from deploy.ops.users import access_token

UNDECIDED = 202
CONFIRMS = 5
"""How often a client asks again whose upload is not decided yet."""


class DemoError(Exception):
    """A step did not do what it must; the message says what was expected and what came instead."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the demo, with a limit in bytes."""

    name: str
    limit_bytes: int
    user_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a client holds after it asked to upload. The URL is a key to the store: it is shown to nobody."""

    person: Person
    filename: str
    content_type: str
    document_id: UUID
    upload_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON body of an answer."""

    status: int
    body: Any

    def must_be(self, status: int, what: str) -> Answer:
        """This answer. Raises DemoError for another status."""
        if self.status != status:
            raise DemoError(f"{what}: expected {status}, got {self.status} {self.body}")
        return self


class Api:
    """The gateway of one stack. Raises aiohttp.ClientError where it is away."""

    def __init__(self, session: ClientSession, info: StackInfo) -> None:
        self._session = session
        self._info = info

    async def request_upload(self, person: Person, filename: str, content_type: str) -> Ticket:
        """Step 1 of an upload."""
        wanted = {"filename": filename, "content_type": content_type}
        answer = await self._call(person, "POST", "/api/documents/upload-url", wanted)
        body = answer.must_be(200, "asking for an upload URL").body
        return Ticket(person, filename, content_type, UUID(body["document_id"]), body["upload_url"])

    async def put(self, ticket: Ticket, data: bytes) -> None:
        """Step 2: the bytes go straight to the store."""
        url, headers = URL(ticket.upload_url, encoded=True), {"Content-Type": ticket.content_type}
        async with self._session.put(url, data=data, headers=headers) as response:
            Answer(response.status, "").must_be(200, "putting the bytes to the store")

    async def confirm(self, ticket: Ticket) -> Answer:
        """Step 3; asks again, as told, while nothing is decided."""
        for _ in range(CONFIRMS):
            answer = await self._call(ticket.person, "POST", f"/api/documents/{ticket.document_id}/confirm")
            if answer.status != UNDECIDED:
                return answer
            await asyncio.sleep(1)
        raise DemoError(f"{ticket.filename} is still undecided after {CONFIRMS} confirms")

    async def document(self, ticket: Ticket) -> Answer:
        """The document as its owner sees it."""
        return await self._call(ticket.person, "GET", f"/api/documents/{ticket.document_id}")

    async def delete(self, ticket: Ticket) -> Answer:
        """Deletes the document."""
        return await self._call(ticket.person, "DELETE", f"/api/documents/{ticket.document_id}")

    async def quota(self, person: Person) -> Mapping[str, int]:
        """`used_bytes` and `limit_bytes`."""
        answer = await self._call(person, "GET", "/api/auth/me/quota")
        found: Mapping[str, int] = answer.must_be(200, f"{person.name}'s quota").body
        return found

    async def make_topic(self, person: Person, name: str, description: str) -> UUID:
        """The id of a new topic."""
        answer = await self._call(person, "POST", "/api/topics", {"name": name, "description": description})
        return UUID(answer.must_be(201, f"making the topic {name}").body["id"])

    async def correct(self, ticket: Ticket, *topics: UUID) -> Answer:
        """Files the document by hand."""
        wanted = {"topic_ids": [str(topic) for topic in topics]}
        return await self._call(ticket.person, "PUT", f"/api/documents/{ticket.document_id}/topics", wanted)

    async def suggestions(self, person: Person) -> Sequence[Mapping[str, Any]]:
        """Topics that the person may want: `name`, `keywords`, `documents`, `document_ids`."""
        answer = await self._call(person, "GET", "/api/topics/suggestions")
        found: Sequence[Mapping[str, Any]] = answer.must_be(200, f"suggestions for {person.name}").body["items"]
        return found

    async def _call(self, person: Person, method: str, path: str, body: object = None) -> Answer:
        headers = {"Authorization": f"Bearer {access_token(self._info, person.user_id)}"}
        async with self._session.request(method, self._info.gateway_url + path, headers=headers, json=body) as response:
            read = await response.json() if response.content_type == "application/json" else await response.text()
            return Answer(response.status, read)
