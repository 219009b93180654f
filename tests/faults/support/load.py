"""Clients that go on whatever fails around them: they repeat what was not answered, and remember what they were told.

Each user is one client that finishes one document after the other, so what must become of a document follows from
what that client did alone. Everything fits the user's limit, but for the files that are larger than the limit itself.
"""

from __future__ import annotations

import asyncio
import random
import time
from asyncio import TaskGroup
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import ClientError

from tests.faults.support.plans import MAX_BYTES, Kind, Plan, Story
from tests.faults.support.statuses import STORED
from tests.stack.support.api import Answer, Api, Client, Upload, key_in
from tests.stack.support.waiting import eventually

INSIST_SECONDS = 120.0
"""Far above every outage of these tests: whoever is not answered for so long never will be."""
PAUSE_SECONDS = 0.1
AWAY = 503
UNHEARD = 0
"""What stands for the status where a connection was refused, cut or silent."""
REPEATED = {"put": {UNHEARD, 499, 500, AWAY}}
"""Where it is not only these two: the store says 499 and 500 as well, while it starts or ends."""


class Load:
    """Runs a plan until it is done or `stop` is called; every document that was begun is finished either way."""

    def __init__(self, api: Api, plan: Plan) -> None:
        self._api = api
        self._plan = plan
        self._stopped = False
        self.done = False
        self.clients: list[Client] = []
        self.stories: list[Story] = []
        self.seen: Counter[tuple[str, int]] = Counter()
        self.lies: list[str] = []

    @property
    def limit_bytes(self) -> int:
        """The limit of every user."""
        return self._plan.limit_bytes

    def stop(self) -> None:
        """Lets each client finish the document at hand, and no more."""
        self._stopped = True

    def puts(self) -> int:
        """How many PUTs the store has acknowledged so far."""
        return self.seen["put", 200]

    def statuses(self, call: str) -> set[int]:
        """With which statuses a call was ever answered."""
        return {status for name, status in self.seen if name == call}

    async def until_done(self) -> None:
        """Returns when every client has finished all of its documents."""

        async def done() -> bool:
            return self.done

        await eventually(done, becomes=True, within=INSIST_SECONDS)

    async def has_put(self, more: int, within: float = INSIST_SECONDS) -> None:
        """Returns when the store has acknowledged so many more PUTs; AssertionError where the load ended before."""
        wanted = self.puts() + more

        async def there() -> bool:
            assert not self.done, f"the load ended at {self.puts()} PUTs of {wanted}: it is too small for this test"
            return self.puts() >= wanted

        await eventually(there, becomes=True, within=within)

    async def open(self) -> None:
        """Opens the users' accounts, unless that is done: the ledger must be there for it."""
        while len(self.clients) < self._plan.users:
            self.clients.append(await self._api.user(self._plan.limit_bytes))

    async def run(self) -> None:
        """Raises an ExceptionGroup of AssertionErrors where a client was not answered for too long."""
        await self.open()
        async with TaskGroup() as group:
            for number, client in enumerate(self.clients):
                group.create_task(self._live(client, random.Random(f"{self._plan.seed}/{number}")))  # noqa: S311
        self.done = True

    async def _live(self, client: Client, chance: random.Random) -> None:
        kinds, weights = list(self._plan.kinds), list(self._plan.kinds.values())
        for kind in chance.choices(kinds, weights, k=self._plan.uploads):
            if self._stopped:
                return
            await self._tell(client, kind, chance)
            await asyncio.sleep(chance.uniform(0, 2 * self._plan.pause))

    async def _tell(self, client: Client, kind: Kind, chance: random.Random) -> None:
        story = Story(client, await self._begin(client), kind)
        await self._put(story, self._bytes(chance, kind))
        self.stories.append(story)
        if kind is Kind.REPLACED:
            await self._maybe_confirm(story, chance)
            await self._put(story, self._bytes(chance, kind))
        if kind is Kind.CONFIRMED:
            await self._confirm(story)
        elif kind is not Kind.LEFT:
            await self._maybe_confirm(story, chance)
        if kind is Kind.DELETED:
            await self._delete(story)

    def _bytes(self, chance: random.Random, kind: Kind) -> bytes:
        size = self._plan.limit_bytes + 1 if kind is Kind.TOO_LARGE else chance.randint(1, MAX_BYTES)
        return chance.randbytes(size)

    async def _begin(self, client: Client) -> Upload:
        begun: list[Upload] = []

        async def ask() -> int:
            answer = await client.upload_url("report.pdf")
            if answer.status == 200:
                url = answer.body["upload_url"]
                begun.append(Upload(answer.body["document_id"], url, key_in(url)))
            return answer.status

        await self._insist("upload-url", ask, done={200})
        return begun[0]

    async def _put(self, story: Story, data: bytes) -> None:
        async def put() -> int:
            async with asyncio.timeout(self._plan.put_seconds):
                return await story.client.put(story.upload, data)

        await self._insist("put", put, done={200})
        story.data = data

    async def _maybe_confirm(self, story: Story, chance: random.Random) -> None:
        if chance.random() < 0.5:
            await self._confirm(story)

    async def _confirm(self, story: Story) -> None:
        """Asks a few times, as a page does, and leaves it to the notification then."""
        for _ in range(self._plan.confirms):
            answer = await self._answer_of("confirm", story.client.confirm(story.upload.document_id))
            if answer is not None and answer.status not in {202, AWAY}:
                self._judge(story, answer)
                return
            await asyncio.sleep(PAUSE_SECONDS)

    def _judge(self, story: Story, answer: Answer) -> None:
        """An answer that is final must be the truth."""
        if story.kind is Kind.TOO_LARGE:
            told: dict[str, object] = {"status": answer.status, "rejected": _detail(answer, "rejected_bytes")}
            true: dict[str, object] = {"status": 413, "rejected": len(story.data)}
        else:
            body = answer.body if answer.status == 200 else {}
            told = {"status": answer.status, "size": body.get("size_bytes"), "stored": body.get("status") in STORED}
            true = {"status": 200, "size": len(story.data), "stored": True}
        if told != true:
            self.lies.append(f"{story.upload.key} ({story.kind}): {told} for {true}: {answer.body}")

    async def _delete(self, story: Story) -> None:
        """A delete that was not answered may have been done: then the repeated one finds nothing."""
        tries = 0

        async def ask() -> int:
            nonlocal tries
            tries += 1
            return (await story.client.delete(story.upload.document_id)).status

        status = await self._insist("delete", ask, done={204, 404})
        if status == 404 and tries == 1:
            self.lies.append(f"{story.upload.key}: 404 for the first delete")

    async def _insist(self, name: str, ask: Callable[[], Awaitable[int]], done: set[int]) -> int:
        end = time.monotonic() + INSIST_SECONDS
        while (status := await self._status_of(name, ask)) not in done:
            assert status in REPEATED.get(name, {UNHEARD, AWAY}), f"{name} answered {status}"
            assert time.monotonic() < end, f"{name} was not answered for {INSIST_SECONDS} s"
            await asyncio.sleep(PAUSE_SECONDS)
        return status

    async def _status_of(self, name: str, ask: Callable[[], Awaitable[int]]) -> int:
        try:
            status = await ask()
        except (ClientError, TimeoutError, ConnectionError):
            status = UNHEARD
        self.seen[name, status] += 1
        return status

    async def _answer_of(self, name: str, call: Awaitable[Answer]) -> Answer | None:
        try:
            answer = await call
        except (ClientError, TimeoutError, ConnectionError):
            self.seen[name, UNHEARD] += 1
            return None
        self.seen[name, answer.status] += 1
        return answer


def _detail(answer: Answer, name: str) -> object:
    detail = answer.body.get("detail") if isinstance(answer.body, dict) else None
    return detail.get(name) if isinstance(detail, dict) else None
