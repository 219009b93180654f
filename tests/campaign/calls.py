"""One client's calls about one document: repeated as a page would, noted in its tale, judged as soon as answered."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable
from typing import TypeVar
from urllib.parse import urlsplit

from aiohttp import ClientError

from tests.campaign.tales import Delete, Put, Tale, judge_confirm
from tests.stack.support.api import Answer, Client, Upload, key_in

T = TypeVar("T")

INSIST_SECONDS = 90.0
"""Far above every fault: whoever is not answered for so long never will be."""
PAUSE_SECONDS = 0.2
CONFIRMS = 4
DIES_WITHIN_SECONDS = 0.05
UNHEARD = 0
"""What stands for the status where a connection was refused, cut or silent."""
STORE_IN_TROUBLE = frozenset({UNHEARD, 400, 408, 499, 500, 502, 503, 504, 507})
"""Also 400 and 408, where not all of a body arrives, 499 and 500, while it starts or ends, 507, with a full disk."""
URL_REFUSED = 403
"""Its time is over; or it was signed by a clock that is an hour off."""
IN_TROUBLE = frozenset({UNHEARD, 503})
BEYOND_THE_CLOCK = frozenset({401})
"""What a service whose clock is off says of a good token."""


class NeverAnswered(Exception):
    """A call was repeated for INSIST_SECONDS, and in vain."""


class Calls:
    """What all clients share: how often each call got which answer, and which answers nobody has promised."""

    def __init__(self, *, clocks_are_right: bool = True) -> None:
        self.seen: Counter[tuple[str, int]] = Counter()
        self.unpromised: Counter[tuple[str, int]] = Counter()
        self._trouble = IN_TROUBLE if clocks_are_right else IN_TROUBLE | BEYOND_THE_CLOCK

    async def begin(self, client: Client, filename: str) -> Upload:
        """A URL, asked for until there is one. Raises NeverAnswered."""
        end = time.monotonic() + INSIST_SECONDS
        while True:
            answer = await self._heard("upload-url", client.upload_url(filename))
            if answer is not None and answer.status == 200:
                url = answer.body["upload_url"]
                return Upload(answer.body["document_id"], url, key_in(url))
            await self._again("upload-url", answer.status if answer else UNHEARD, {200}, end)

    async def put(self, tale: Tale, put: Put) -> bool:
        """Sends the bytes until the store acknowledges them; False where it refuses the URL. Raises NeverAnswered."""
        tale.puts.append(put)
        end = time.monotonic() + INSIST_SECONDS
        while True:
            status = await self._put_once(tale, put)
            if status in {200, URL_REFUSED}:
                return status == 200
            if status not in STORE_IN_TROUBLE:
                self.unpromised["put", status] += 1
            if time.monotonic() > end:
                raise NeverAnswered("put")
            await asyncio.sleep(PAUSE_SECONDS)

    async def _put_once(self, tale: Tale, put: Put) -> int:
        status = await self._status("put", tale.client.put(tale.upload, put.data))
        put.done = put.done or status == 200
        put.loose = put.loose or status in STORE_IN_TROUBLE
        tale.note(f"put {len(put.data)} bytes ({put.etag[:6]}): {status}")
        return status

    async def put_and_die(self, tale: Tale, put: Put, chance: random.Random) -> None:
        """Sends the bytes and does not wait for an answer, unless it is very quick."""
        tale.puts.append(put)
        put.loose = True
        tale.note(f"put {len(put.data)} bytes ({put.etag[:6]}) and died")
        if await _cut_off(tale.client.put(tale.upload, put.data), chance) == 200:
            put.done, put.loose = True, False

    async def tear(self, tale: Tale, put: Put) -> None:
        """Sends a part of the bytes and goes away: so they are not stored, and what was there stays."""
        tale.note(f"tore a PUT of {len(put.data)} bytes")
        parts = urlsplit(tale.upload.url)
        lines = [
            f"PUT {parts.path}?{parts.query} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Content-Length: {len(put.data)}",
        ]
        try:
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write("\r\n".join([*lines, "", ""]).encode() + put.data[: len(put.data) // 2])
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except OSError:
            tale.note("the store was away")

    async def confirm(self, tale: Tale) -> None:
        """Asks a few times, as a page does, and leaves it to the notification then."""
        for _ in range(CONFIRMS):
            answer = await self._heard("confirm", tale.client.confirm(tale.upload.document_id))
            status = answer.status if answer else UNHEARD
            tale.note(f"confirm: {status}")
            if answer is not None and status not in {*self._trouble, 202}:
                self._judge(tale, answer)
                return
            await asyncio.sleep(PAUSE_SECONDS)

    def _judge(self, tale: Tale, answer: Answer) -> None:
        size = answer.body.get("size_bytes") if answer.status == 200 else None
        if (lie := judge_confirm(tale, answer.status, size)) is not None:
            tale.lie(f"a confirm was answered {lie}: {answer.body}")
        tale.refused = tale.refused or answer.status == 413
        if answer.status == 200:
            tale.paid_for = len(tale.puts)

    async def confirm_and_die(self, tale: Tale, chance: random.Random) -> None:
        """Asks and does not wait for an answer."""
        tale.note("asked for a confirm and died")
        await _cut_off(self._status("confirm", _status_of(tale.client.confirm(tale.upload.document_id))), chance)

    async def file(self, tale: Tale, topic_ids: tuple[str, ...]) -> None:
        """Files it by hand: asks a few times, also while the classifier has not heard of it, and leaves it then."""
        path, body = f"/api/documents/{tale.upload.document_id}/topics", {"topic_ids": topic_ids}
        for _ in range(CONFIRMS):
            answer = await self._heard("file", tale.client.send("PUT", path, body))
            status = answer.status if answer else UNHEARD
            tale.note(f"file: {status}")
            if status == 200:
                tale.filed = topic_ids
                return
            if status not in {*self._trouble, 404}:
                self.unpromised["file", status] += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def classify(self, tale: Tale) -> None:
        """Wants it classified again, and does not repeat that."""
        answer = await self._heard("classify", tale.client.classify(tale.upload.document_id))
        status = answer.status if answer else UNHEARD
        tale.note(f"classify: {status}")
        if status not in {*self._trouble, 202, 404, 409}:
            self.unpromised["classify", status] += 1

    async def drop_topic(self, client: Client, topic_id: str) -> None:
        """Deletes a topic until that is done. Raises NeverAnswered."""
        end = time.monotonic() + INSIST_SECONDS
        while True:
            call = client.call("DELETE", f"/api/topics/{topic_id}")
            status = await self._status("drop topic", _status_of(call))
            if status in {204, 404}:
                return
            await self._again("drop topic", status, {204, 404}, end)

    async def delete(self, tale: Tale) -> None:
        """Deletes until that is done; one that was not answered may have been done. Raises NeverAnswered."""
        end = time.monotonic() + INSIST_SECONDS
        while True:
            status = await self._status("delete", _status_of(tale.client.delete(tale.upload.document_id)))
            tale.note(f"delete: {status}")
            if status == 404:
                self._judge_missing(tale)
            if status in {204, 404}:
                tale.deleted = Delete.DONE
                return
            tale.deleted = Delete.LOOSE
            await self._again("delete", status, {204, 404}, end)

    def _judge_missing(self, tale: Tale) -> None:
        if tale.deleted is Delete.NONE and (lie := judge_confirm(tale, 404, None)) is not None:
            tale.lie(f"a delete was answered {lie}")

    async def delete_and_die(self, tale: Tale, chance: random.Random) -> None:
        """Deletes and does not wait for an answer."""
        tale.deleted = Delete.LOOSE
        tale.note("asked for a delete and died")
        if await _cut_off(_status_of(tale.client.delete(tale.upload.document_id)), chance) == 204:
            tale.deleted = Delete.DONE

    async def _again(self, name: str, status: int, done: set[int], end: float) -> None:
        """Waits before the next try. Raises NeverAnswered where there were enough of them."""
        if status not in {*self._trouble, *done}:
            self.unpromised[name, status] += 1
        if time.monotonic() > end:
            raise NeverAnswered(name)
        await asyncio.sleep(PAUSE_SECONDS)

    async def _heard(self, name: str, call: Awaitable[Answer]) -> Answer | None:
        try:
            answer = await call
        except (ClientError, TimeoutError, OSError):
            self.seen[name, UNHEARD] += 1
            return None
        self.seen[name, answer.status] += 1
        return answer

    async def _status(self, name: str, call: Awaitable[int]) -> int:
        try:
            status = await call
        except (ClientError, TimeoutError, OSError):
            status = UNHEARD
        self.seen[name, status] += 1
        return status


async def _status_of(call: Awaitable[Answer]) -> int:
    return (await call).status


async def _cut_off(call: Awaitable[int], chance: random.Random) -> int:
    """The status of a call that is broken off at some point; UNHEARD where that was before its answer."""
    try:
        return await asyncio.wait_for(call, chance.uniform(0, DIES_WITHIN_SECONDS))
    except (ClientError, TimeoutError, OSError):
        return UNHEARD
