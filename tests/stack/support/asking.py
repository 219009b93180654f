"""Clients that ask one thing after the other while a stack changes under them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import aiohttp

from deploy.local.stack import Stack
from deploy.ops.users import access_token, register

CLIENTS = 12


async def headers_of_a_user(own: Stack) -> dict[str, str]:
    user = uuid4()
    await register(own.info, user)
    return {"Authorization": f"Bearer {access_token(own.info, user)}"}


@asynccontextmanager
async def asking(own: Stack, session: aiohttp.ClientSession) -> AsyncIterator[Counter[tuple[str, str, object]]]:
    """Clients that do one thing after the other all the time: what they were answered, by what they did."""
    seen: Counter[tuple[str, str, object]] = Counter()
    stop = asyncio.Event()
    api = own.settings.gateway_origin
    body = {"filename": "a.txt", "content_type": "text/plain"}

    async def one(headers: dict[str, str]) -> None:
        asks = (
            ("POST", "/api/documents/upload-url", body),
            ("GET", "/api/documents?limit=1", None),
            ("GET", "/api/auth/me/quota", None),
        )
        while not stop.is_set():
            for method, path, sent in asks:
                try:
                    async with session.request(method, api + path, json=sent, headers=headers) as answer:
                        said = await answer.text()
                        seen[method, path, answer.status if answer.status == 200 else said] += 1
                except aiohttp.ClientError as error:
                    seen[method, path, repr(error)] += 1

    headers = [await headers_of_a_user(own) for _ in range(2)]
    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(one(headers[number % 2]))
        try:
            yield seen
        finally:
            stop.set()
