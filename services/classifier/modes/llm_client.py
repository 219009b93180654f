"""One request to an endpoint that a user named: bounded in time and size, and the key in no place but its header."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp

from services.chassis.web_answer import read_at_most
from services.classifier.addresses import NOT_PUBLIC, Refusal, parse
from services.classifier.filing import Llm
from services.classifier.guarded import NotAllowed, Sessions
from services.classifier.modes.llm_failures import (
    COULD_NOT_BE_REACHED,
    NOT_USABLE,
    TOO_LONG,
    Failure,
    Kind,
    retry_after,
)
from services.classifier.modes.llm_manner import LlmManner

_PATH = "chat/completions"
_KEY = re.compile(r"[\x21-\x7e]+")
_SLOW = Failure(Kind.BROKEN, "The language model's endpoint sends its answer too slowly")
_HUGE = Failure(Kind.BROKEN, "The language model's endpoint sends far too long an answer")
_INCOMPLETE = Failure(Kind.BROKEN, f"{NOT_USABLE}: it is not complete")
_CERTIFICATE = Failure(Kind.REFUSED, "The certificate of the language model's endpoint is not valid")
_NOT_ALLOWED = Failure(Kind.REFUSED, f"The language model is not asked. {NOT_PUBLIC}")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an endpoint answered, whatever it is."""

    status: int
    body: bytes
    is_json: bool
    after_seconds: float | None


class LlmClient:
    """Asks endpoints, each request for itself."""

    def __init__(self, sessions: Sessions, manner: LlmManner, now: Callable[[], datetime] = _now) -> None:
        self._sessions = sessions
        self._manner = manner
        self._now = now

    async def ask(self, llm: Llm, body: bytes) -> Reply | Failure:
        """The endpoint's answer to `body`, a request's JSON; a Failure where there is none, or no end to it."""
        url = parse(llm.url)
        if isinstance(url, Refusal):
            return Failure(Kind.REFUSED, f"The language model is not asked. {url.reason}")
        if llm.key is not None and not _KEY.fullmatch(llm.key):
            return Failure(Kind.REFUSED, "The language model's key holds characters that no key may hold")
        target = url if url.path.endswith(f"/{_PATH}") else url / "chat" / "completions"
        try:
            request = self._sessions.of(url).post(target, data=body, headers=_headers(llm), allow_redirects=False)
            async with request as response:
                return await self._reply(response)
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            return _failure(error)

    async def _reply(self, response: aiohttp.ClientResponse) -> Reply | Failure:
        after = retry_after(response.headers.get("Retry-After"), self._now(), self._manner.retry_after_cap_seconds)
        try:
            body = await read_at_most(response, self._manner.answer_bytes)
        except TimeoutError:
            return _SLOW
        except aiohttp.ClientError:
            return _INCOMPLETE
        return _HUGE if body is None else Reply(response.status, body, _is_json(response), after)


def _headers(llm: Llm) -> dict[str, str]:
    """No compression: a small answer could unfold to a huge one."""
    headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
    return headers if llm.key is None else {**headers, "Authorization": f"Bearer {llm.key}"}


def _is_json(response: aiohttp.ClientResponse) -> bool:
    is_plain = response.headers.get("Content-Encoding", "identity").lower() == "identity"
    return is_plain and response.content_type == "application/json"


def _failure(error: aiohttp.ClientError | OSError) -> Failure:
    """By the kind of error alone: messages of aiohttp's errors may show a request with all its headers."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _CERTIFICATE
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, NotAllowed):
        return _NOT_ALLOWED
    if isinstance(error, aiohttp.ClientResponseError):
        return Failure(Kind.BROKEN, NOT_USABLE)
    if isinstance(error, asyncio.TimeoutError):
        return TOO_LONG
    return Failure(Kind.AWAY, COULD_NOT_BE_REACHED)
