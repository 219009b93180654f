"""A client of the HTTP API and of presigned URLs, as thin as curl: it hides no status and repeats nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID, uuid4

from aiohttp import ClientSession
from docuvault_contracts.http import DEFAULT_LIMIT_BYTES
from yarl import URL

from deploy.local.info import StackInfo
from services.chassis.auth import create_access_token
from services.chassis.settings import TokenSettings
from tests.stack.support.leaks import HandedOut


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `body` is the parsed JSON, None where there was no body; header names are case-insensitive."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Upload:
    """A presigned URL that was handed out, and the object key in it (not escaped)."""

    document_id: str
    url: str = field(repr=False)
    key: str

    @property
    def query(self) -> dict[str, str]:
        """The query parameters of the URL."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}


def key_in(url: str) -> str:
    """The object key in a presigned URL: its path without the bucket, unescaped."""
    return unquote(urlsplit(url).path.removeprefix("/").partition("/")[2])


class Client:
    """One caller. Every call answers with what came; the calls named after an outcome assert it."""

    def __init__(self, session: ClientSession, gateway_url: str, user_id: UUID, token: str, given: HandedOut) -> None:
        self._session = session
        self._gateway_url = gateway_url
        self._token = token
        self._given = given
        self.user_id = user_id
        given.tokens.add(token)

    @property
    def authorization(self) -> dict[str, str]:
        """The header that says who calls."""
        return {"Authorization": f"Bearer {self._token}"}

    async def call(
        self, method: str, path: str, *, data: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Any request, with the caller's token unless `headers` name another Authorization; follows no redirect."""
        sent = {**self.authorization, **(headers or {})}
        url = URL(self._gateway_url + path, encoded=True)
        request = self._session.request(method, url, data=data, headers=sent, allow_redirects=False)
        async with request as response:
            raw = await response.read()
            return Answer(response.status, json.loads(raw) if raw else None, response.headers.copy())

    async def send(self, method: str, path: str, body: object, headers: Mapping[str, str] | None = None) -> Answer:
        """A request with a JSON body; text goes as UTF-8, lone surrogates escaped as JSON allows."""
        raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
        return await self.call(method, path, data=raw, headers={"Content-Type": "application/json", **(headers or {})})

    async def upload_url(self, filename: object, content_type: object = "application/pdf") -> Answer:
        """Asks for a presigned URL."""
        answer = await self.send(
            "POST", "/api/documents/upload-url", {"filename": filename, "content_type": content_type}
        )
        if answer.status == 200:
            self._given.note_url(answer.body["upload_url"])
        return answer

    def note(self, *urls: str) -> None:
        """Remembers presigned URLs that were handed out, which nobody may log."""
        for url in urls:
            self._given.note_url(url)

    async def upload_urls(self, *files: Mapping[str, object], key: str | None = None) -> Answer:
        """Asks for the presigned URLs of several files, under a key where one is given."""
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = await self.send("POST", "/api/documents/upload-urls", {"files": files}, headers)
        if answer.status == 200:
            for each in answer.body["uploads"]:
                self._given.note_url(each["upload_url"])
        return answer

    async def download(self, document_id: str) -> Answer:
        """Asks for where a document's bytes are."""
        answer = await self.call("GET", f"/api/documents/{document_id}/download")
        if answer.status == 302:
            self._given.note_url(answer.headers["Location"])
        return answer

    async def begin(self, filename: str = "report.pdf", content_type: str = "application/pdf") -> Upload:
        """A presigned URL for a new document."""
        answer = await self.upload_url(filename, content_type)
        assert answer.status == 200, answer
        return Upload(answer.body["document_id"], answer.body["upload_url"], key_in(answer.body["upload_url"]))

    async def put(self, upload: Upload, data: bytes, headers: Mapping[str, str] | None = None) -> int:
        """The status of a PUT to the presigned URL, bare unless there are `headers`: not even a Content-Type."""
        return await self.at_url("PUT", upload.url, data, headers)

    async def at_url(
        self, method: str, url: str, data: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> int:
        """The status of any request to the store."""
        request = self._session.request(
            method, URL(url, encoded=True), data=data, headers=headers, skip_auto_headers={"Content-Type"}
        )
        async with request as response:
            await response.read()
            return response.status

    async def put_new(self, data: bytes, filename: str = "report.pdf") -> Upload:
        """A new document whose bytes are in the store and that nobody confirmed."""
        upload = await self.begin(filename)
        assert await self.put(upload, data) == 200
        return upload

    async def store(self, data: bytes, filename: str = "report.pdf") -> Upload:
        """A new document, confirmed."""
        upload = await self.put_new(data, filename)
        answer = await self.confirm(upload.document_id)
        assert answer.status == 200, answer
        return upload

    async def confirm(self, document_id: str) -> Answer:
        """Confirms an upload."""
        return await self.call("POST", f"/api/documents/{document_id}/confirm")

    async def get(self, document_id: str) -> Answer:
        """Reads one document."""
        return await self.call("GET", f"/api/documents/{document_id}")

    async def list(self, query: str = "") -> Answer:
        """Lists documents; `query` is the URL's, escaped."""
        return await self.call("GET", f"/api/documents?{query}")

    async def delete(self, document_id: str) -> Answer:
        """Deletes a document."""
        return await self.call("DELETE", f"/api/documents/{document_id}")

    async def classify(self, document_id: str) -> Answer:
        """Wants a document classified again."""
        return await self.call("POST", f"/api/documents/{document_id}/classify")

    async def quota(self) -> Answer:
        """Reads the caller's own quota."""
        return await self.call("GET", "/api/auth/me/quota")

    async def set_limit(self, user_id: UUID | str, limit_bytes: object) -> Answer:
        """Sets a user's limit, as an administrator."""
        return await self.send("PUT", f"/api/admin/quotas/{user_id}", {"limit_bytes": limit_bytes})

    async def used_bytes(self) -> int:
        """What the caller's quota says is used."""
        answer = await self.quota()
        assert answer.status == 200, answer
        return int(answer.body["used_bytes"])

    async def status_of(self, upload: Upload) -> str | int:
        """The status of a document, or that of HTTP where there is none to be seen."""
        answer = await self.get(upload.document_id)
        return str(answer.body["status"]) if answer.status == 200 else answer.status


class Api:
    """Makes callers."""

    def __init__(self, session: ClientSession, info: StackInfo, given: HandedOut) -> None:
        self._session = session
        self._info = info
        self._given = given

    def bearer(self, token: str, user_id: UUID | None = None) -> Client:
        """A caller with a token of the test's own."""
        return Client(self._session, self._info.gateway_url, user_id or uuid4(), token, self._given)

    def stranger(self, role: str = "user") -> Client:
        """A new caller in `role`, for whom no account was opened."""
        user_id = uuid4()
        return self.bearer(create_access_token(user_id, role, token_settings(self._info)), user_id)

    async def user(self, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> Client:
        """A new caller with an account of `limit_bytes`."""
        user = self.stranger()
        answer = await self.stranger("admin").set_limit(user.user_id, limit_bytes)
        assert answer.status == 200, answer
        return user


def token_settings(info: StackInfo) -> TokenSettings:
    """The settings by which the stack's services verify tokens."""
    return TokenSettings.model_validate(
        {"jwt_secret": info.jwt_secret, "jwt_issuer": info.jwt_issuer, "jwt_audience": info.jwt_audience}
    )
