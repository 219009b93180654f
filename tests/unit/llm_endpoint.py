"""An endpoint that speaks chat completions, for the tests of mode llm: a real server, strict with its clients."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

from aiohttp import web
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from services.classifier.networks import Address

KEY = "sk-live-0123456789abcdef"
MODEL = "tiny-1"
HOST = "llm.test"

Step = Callable[[web.Request], Awaitable[web.StreamResponse]]

_MARKED = re.compile(r"--- document ([0-9a-f]{16})\n(.*)\n--- document \1", re.DOTALL)


def completion(content: Any, finish_reason: str | None = "stop", **message: Any) -> dict[str, Any]:
    text = content if isinstance(content, str | None) else json.dumps(content)
    said = {"role": "assistant", "content": text, **message}
    return {"id": "c1", "object": "chat.completion", "choices": [{"message": said, "finish_reason": finish_reason}]}


def choice(topic: Any, score: Any = 0.9, reason: Any = "it bills work") -> dict[str, Any]:
    return {"topic": topic, "score": score, "reason": reason}


def says(*choices: dict[str, Any]) -> Step:
    """A good answer."""
    return sends(completion({"topics": list(choices)}))


def sends(body: Any, status: int = 200, content_type: str = "application/json", **headers: str) -> Step:
    """Any answer; bytes go as they are, with the header names' underscores as dashes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def step(_: web.Request) -> web.Response:
        return web.Response(body=raw, status=status, content_type=content_type, headers=named)

    return step


def drips(before: bytes = b"", every_seconds: float = 0.02) -> Step:
    """A body that never ends, a byte at a time."""

    async def step(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(before)
        while True:
            await response.write(b" ")
            await asyncio.sleep(every_seconds)

    return step


def resets(before: bytes) -> Step:
    """The connection goes in the middle of a body."""

    async def step(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(before)
        assert request.transport is not None
        request.transport.abort()
        return response

    return step


class Names:
    """A Lookup whose answers are a script; the last one of a host stays."""

    def __init__(self, **hosts: list[str]) -> None:
        self._hosts = {name.replace("_", "."): list(found) for name, found in hosts.items()}
        self.asked: list[str] = []

    async def addresses(self, host: str) -> tuple[Address, ...]:
        self.asked.append(host)
        script = self._hosts.get(host)
        if not script:
            raise OSError("no such name")
        found = script.pop(0) if len(script) > 1 else script[0]
        return tuple(ip_address(part) for part in found.split())


class Endpoint:
    """Answers by its script, the last step again and again, and keeps what it was asked."""

    def __init__(self) -> None:
        self.script: list[Step] = []
        self.asked: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        self.key: str | None = KEY
        self.port = 0
        self.sent = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/v1"

    @property
    def forms(self) -> list[str]:
        """How the answer was wanted, of each request."""
        return [body["response_format"]["type"] for body in self.asked]

    def documents(self) -> list[str]:
        return [_marked(body)[2] for body in self.asked]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        try:
            self.asked.append(self._checked(request, await request.read()))
        except AssertionError as error:
            self.complaints.append(str(error) or repr(error))
            return web.json_response({"error": {"message": "that is no request"}}, status=418)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return await step(request)

    def _checked(self, request: web.Request, raw: bytes) -> dict[str, Any]:
        assert (request.method, request.path_qs) == ("POST", "/v1/chat/completions"), request.path_qs
        expected = None if self.key is None else f"Bearer {self.key}"
        assert request.headers.get("Authorization") == expected, "authorization"
        assert request.content_type == "application/json"
        assert "Cookie" not in request.headers
        assert self.key is None or self.key.encode() not in raw, "the key is in the body"
        body: dict[str, Any] = json.loads(raw)
        assert body["model"] == MODEL
        assert body["stream"] is False
        assert 0 < (body.get("max_tokens") or body["max_completion_tokens"]) <= 4000
        assert [each["role"] for each in body["messages"]] == ["system", "user"]
        _marked(body)
        _check_form(body["response_format"])
        return body


def _marked(body: dict[str, Any]) -> re.Match[str]:
    found = _MARKED.fullmatch(body["messages"][1]["content"])
    assert found is not None, "the user's message is not a marked document"
    assert found[1] not in body["messages"][0]["content"]
    return found


def _check_form(form: dict[str, Any]) -> None:
    """What OpenAI demands of a strict schema."""
    if form == {"type": "json_object"}:
        return
    assert form["type"] == "json_schema"
    assert form["json_schema"]["strict"] is True
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", form["json_schema"]["name"])
    schema = form["json_schema"]["schema"]
    Draft202012Validator.check_schema(schema)
    for each in (schema, schema["properties"]["topics"]["items"]):
        assert each["additionalProperties"] is False
        assert each["required"] == list(each["properties"])


@asynccontextmanager
async def serving() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    app = web.Application(client_max_size=1 << 20)
    app.router.add_route("*", "/{tail:.*}", endpoint.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    endpoint.port = runner.addresses[0][1]
    try:
        yield endpoint
    finally:
        await runner.cleanup()
