"""Requests to the API: with the token, tried again where that may help, their answers as the contracts' models."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp
import pydantic
from docuvault_contracts.http import Request, Response
from docuvault_contracts.http_uploads import IDEMPOTENCY_KEY

from docuvault_client.errors import DocuvaultError, Unavailable, Unexpected, error_of
from docuvault_client.retry import PASSING, Patience, seconds_of

Token = str | Callable[[], Awaitable[str]]
"""A token, or what gives the one of the moment: it is asked before each request, so that a token may be renewed."""
R = TypeVar("R", bound=Response)
GONE = 404
LOST = (aiohttp.ClientError, TimeoutError, OSError)
"""What a connection says that could not be made, or was cut."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    retry_after: float | None


class Api:
    """The API at one address, for one caller."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: Token, patience: Patience) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._token = token
        self.patience = patience

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return self._url

    async def headers(self) -> dict[str, str]:
        """Who calls."""
        token = self._token if isinstance(self._token, str) else await self._token()
        return {"Authorization": f"Bearer {token}"}

    async def get(self, model: type[R], path: str, **query: str) -> R:
        """What is there. Raises DocuvaultError."""
        return parsed(model, (await self.call("GET", path, query=query)).body)

    async def post(self, model: type[R], path: str, body: Request | None = None, *, once: bool = False) -> R:
        """What was made; `once` says that a repetition must make nothing more. Raises DocuvaultError."""
        return parsed(model, (await self.call("POST", path, body, once=once)).body)

    async def delete(self, path: str) -> None:
        """It is no more. Raises NotFound where it was not before; not after a try whose answer was lost."""
        await self.call("DELETE", path)

    async def call(
        self,
        method: str,
        path: str,
        body: Request | None = None,
        *,
        query: Mapping[str, str] | None = None,
        once: bool = False,
    ) -> Answer:
        """A request that may be sent more than once, and its answer of 2xx. Raises DocuvaultError."""
        sent = {"Accept": "application/json"} | ({IDEMPOTENCY_KEY: str(uuid4())} if once else {})
        raw = None
        if body is not None:
            raw, sent["Content-Type"] = body.model_dump_json(exclude_none=True).encode(), "application/json"
        for tried in range(1, self.patience.tries + 1):
            pause = None
            try:
                answer = await self._once(method, path, raw, sent, query)
            except LOST as error:
                trouble: DocuvaultError = Unavailable(f"the API is away: {said_of(error)}")
            else:
                if answer.status // 100 == 2:  # noqa: PLR2004 - HTTP's
                    return answer
                trouble, pause = error_of(answer.status, answer.body), answer.retry_after
                if method == "DELETE" and answer.status == GONE and tried > 1:
                    return answer
                if answer.status not in PASSING:
                    raise trouble
            if tried < self.patience.tries:
                await asyncio.sleep(self.patience.pause(tried, pause))
        raise trouble

    async def _once(
        self, method: str, path: str, raw: bytes | None, sent: Mapping[str, str], query: Mapping[str, str] | None
    ) -> Answer:
        """No redirect is followed: the token is for this address alone."""
        async with self._session.request(
            method,
            self._url + path,
            data=raw,
            params=query or None,
            headers={**sent, **await self.headers()},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=self.patience.answer_seconds),
        ) as response:
            body = json_of(await response.read())
            return Answer(response.status, body, seconds_of(response.headers.get("Retry-After")))


def parsed(model: type[R], body: Any) -> R:  # noqa: ANN401 - whatever JSON came
    """The body as a model; fields that this version does not know are left out. Raises Unexpected."""
    try:
        return model.model_validate(body, extra="ignore")
    except pydantic.ValidationError as error:
        raise Unexpected(f"the answer is no {model.__name__}: {error.error_count()} fields are wrong") from None


def said_of(error: BaseException) -> str:
    """The words of a connection's trouble on one line, without the URL, which may be a secret."""
    if isinstance(error, OSError) and isinstance(error.errno, int) and error.errno > 0:
        return os.strerror(error.errno)
    if isinstance(error, aiohttp.ClientConnectorError):
        return "its name leads nowhere" if isinstance(error, aiohttp.ClientConnectorDNSError) else "no connection"
    return "it takes too long" if isinstance(error, TimeoutError) else "the connection was cut"


def json_of(raw: bytes) -> Any:  # noqa: ANN401 - whatever JSON came
    """What the bytes say; None where they are no JSON, as of a proxy in between: the status speaks."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None
