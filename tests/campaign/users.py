"""Many users at once, who upload, reuse URLs, delete and die, while an administrator changes the limits of some."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientError

from tests.campaign.calls import Calls, NeverAnswered
from tests.campaign.filing import OFF, PASSING, PASSING_KEYWORDS, TOPICS, mode_of
from tests.campaign.scripts import MAX_BYTES, Dies, Script, write_script
from tests.campaign.tales import Put, Tale
from tests.stack.support.api import Api, Client

DROPS_AT = range(5, 40)
"""At which of its documents a user deletes a topic."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """`roomy` users whose limit holds whatever they will put, `tight` ones whose limit is none of their own making.

    Each begins a document every `pause` seconds on average, beside what the documents take, and at most `documents`.
    """

    seed: str
    roomy: int = 5
    tight: int = 3
    documents: int = 200
    pause: float = 0.7
    tight_limits: tuple[int, ...] = (1_500, 4_000, 12_000)
    limit_seconds: float = 2.0

    @property
    def roomy_limit(self) -> int:
        """Bytes: every document at its largest, with its URL used twice."""
        return 2 * self.documents * MAX_BYTES


@dataclass(frozen=True, slots=True)
class User:
    """A client, and the least and the largest limit that it will ever have; how its documents are classified.

    `topics` are the ids of what it may file by hand under: of a user with the mode off, of nothing. `passing` is one
    that it will delete.
    """

    client: Client
    limits: tuple[int, int]
    mode: str = OFF
    topics: tuple[str, ...] = ()
    passing: str = ""


class Users:
    """The load of a campaign; `tales` is all that was ever begun, `troubles` what no client should have to see.

    `dropped` are the ids of topics whose owners were told that they are deleted.
    """

    def __init__(self, api: Api, crowd: Crowd, calls: Calls) -> None:
        self._api = api
        self._crowd = crowd
        self._calls = calls
        self._admin = api.stranger("admin")
        self._stopped = asyncio.Event()
        self.users: list[User] = []
        self.tales: list[Tale] = []
        self.troubles: list[str] = []
        self.dropped: set[str] = set()

    async def open(self) -> None:
        """Opens all accounts; nothing may be broken yet."""
        crowd = self._crowd
        limits = (crowd.roomy_limit, crowd.roomy_limit)
        for _ in range(crowd.roomy):
            await self._open(limits)
        limits = (min(crowd.tight_limits), max(crowd.tight_limits))
        for _ in range(crowd.tight):
            await self._open(limits)

    async def _open(self, limits: tuple[int, int]) -> None:
        client, mode = await self._api.user(limits[1]), mode_of(len(self.users))
        answer = await client.send("PUT", "/api/auth/me/classification", {"mode": mode})
        assert answer.status == 200, answer
        if mode == OFF:
            self.users.append(User(client, limits, mode))
            return
        topics = tuple([await _topic(client, name, words) for name, words in TOPICS.items()])
        self.users.append(User(client, limits, mode, topics, await _topic(client, PASSING, PASSING_KEYWORDS)))

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Inside, all of them are; at its end each finishes the document at hand."""
        tasks = [asyncio.create_task(self._live(user, self._chance(at))) for at, user in enumerate(self.users)]
        tasks.append(asyncio.create_task(self._administer(self._chance("admin"))))
        try:
            yield
        finally:
            self._stopped.set()
            await asyncio.gather(*tasks)

    def _chance(self, who: object) -> random.Random:
        return random.Random(f"{self._crowd.seed}/{who}")  # noqa: S311 - the same every time

    async def _live(self, user: User, chance: random.Random) -> None:
        drops_at = chance.choice(DROPS_AT)
        for number in range(self._crowd.documents):
            await self._pause(chance.uniform(0, 2 * self._crowd.pause))
            if self._stopped.is_set():
                return
            script = write_script(chance, user.limits[1])
            try:
                if number == drops_at and user.passing:
                    await self._calls.drop_topic(user.client, user.passing)
                    self.dropped.add(user.passing)
                await self._upload(user, script, chance)
            except NeverAnswered as error:
                self.troubles.append(
                    f"user {user.client.user_id}: {error} was not answered, however often it was repeated"
                )
                return

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return

    async def _upload(self, user: User, script: Script, chance: random.Random) -> None:
        tale = Tale(user.client, await self._calls.begin(user.client, script.filename), user.limits)
        self.tales.append(tale)
        if script.dies is Dies.WITH_THE_URL:
            return
        first, last = script.puts[:-1], script.puts[-1]
        for data, confirms in zip(first, script.confirms, strict=False):
            if not await self._calls.put(tale, Put(data)):
                return
            if confirms:
                await self._calls.confirm(tale)
        if await self._last_put(tale, script, Put(last), chance):
            await self._end(tale, script, user, chance)

    async def _last_put(self, tale: Tale, script: Script, put: Put, chance: random.Random) -> bool:
        """Whether the client lives on."""
        match script.dies:
            case Dies.IN_MID_PUT:
                await self._calls.tear(tale, put)
            case Dies.IN_THE_PUT:
                await self._calls.put_and_die(tale, put, chance)
            case _:
                return await self._calls.put(tale, put) and script.dies is not Dies.AFTER_THE_PUT
        return False

    async def _end(self, tale: Tale, script: Script, user: User, chance: random.Random) -> None:
        if script.dies is Dies.IN_CONFIRM:
            await self._calls.confirm_and_die(tale, chance)
            return
        if script.confirms[-1]:
            await self._calls.confirm(tale)
        if script.files and user.topics:
            await self._calls.file(tale, (chance.choice(user.topics),))
        elif script.asks:
            await self._calls.classify(tale)
        if script.dies is Dies.IN_DELETE:
            await self._calls.delete_and_die(tale, chance)
        elif script.deletes:
            await self._calls.delete(tale)

    async def _administer(self, chance: random.Random) -> None:
        """Changes the limits of the tight ones, up and down; who is not answered may have been heard."""
        tight = self.users[self._crowd.roomy :]
        while tight and not self._stopped.is_set():
            await self._pause(chance.uniform(0, 2 * self._crowd.limit_seconds))
            user, limit = chance.choice(tight), chance.choice(self._crowd.tight_limits)
            try:
                await self._admin.set_limit(user.client.user_id, limit)
            except (ClientError, TimeoutError, OSError):
                continue

    def ever_began(self) -> Sequence[str]:
        """The ids of all documents that some client was told of."""
        return [tale.upload.document_id for tale in self.tales]


async def _topic(client: Client, name: str, keywords: Sequence[str]) -> str:
    answer = await client.send("POST", "/api/topics", {"name": name, "keywords": keywords})
    assert answer.status == 201, answer
    return str(answer.body["id"])
