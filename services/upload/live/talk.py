"""One client's stream from its first event to its last: waits, reads what changed, writes it, and beats in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from docuvault_contracts import http as bodies
from docuvault_contracts.http_live import StreamExpired, StreamHello, StreamReset

from services.chassis.backoff import Backoff
from services.chassis.deadletters import reason_of
from services.chassis.errors import Transient
from services.upload.live.events import RETRY, Quota, event, heartbeat, name_of, of_account, of_document
from services.upload.live.hub import Hub
from services.upload.live.looks import Eyes, Look
from services.upload.live.metrics import EVENTS
from services.upload.live.stream import Stream
from services.upload.live.window import Place

log = structlog.get_logger(__name__)

Write = Callable[[bytes], Awaitable[None]]

AT_ONCE = 100
"""Documents that are read and written together: as many bodies as a client that reads slowly may hold in memory."""
REST_SECONDS = 0.05
"""After something was told: what comes alone is told at once, what streams in is told together."""
LOOK_SECONDS = 4.0
"""How long a look may take: a heartbeat is late by no more than that."""
EXPIRED = "expired"
LATEST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a silence lasts, how long another replica's lead is waited for; when the token ends (Unix seconds)."""

    heartbeat_seconds: float
    lag_seconds: float
    expires_at: float | None = None


class Talk:
    """Tells one client what its stream hears, until that ends or the token expires."""

    def __init__(self, hub: Hub, eyes: Eyes, stream: Stream, terms: Terms, write: Write) -> None:
        self._hub = hub
        self._eyes = eyes
        self._stream = stream
        self._terms = terms
        self._write = write
        self._clock = asyncio.get_running_loop().time
        self._patient_until = self._clock() + terms.lag_seconds
        self._quiet_since = self._clock()
        self._tell_at = self._clock()
        self._backoff = Backoff()
        self._quota: Quota | None = None

    async def run(self) -> str:
        """Why it ended. Raises what `write` raises."""
        await self._hello()
        while self._stream.ended is None and self._left_of_token() > 0:
            await self._turn()
        if self._stream.ended is None:
            await self._say([StreamExpired(token_expires_at=_time(self._terms.expires_at or 0))])
        return self._stream.ended or EXPIRED

    async def _hello(self) -> None:
        """With an id where it begins here and now: one that goes on has not been told yet what came after its own."""
        self._hub.settle(self._stream, patient=True)
        begins = not self._stream.undecided and self._stream.resume is None
        expires_at = self._terms.expires_at
        hello = StreamHello(
            heartbeat_seconds=self._terms.heartbeat_seconds,
            token_expires_at=None if expires_at is None else _time(expires_at),
        )
        await self._put(RETRY + event(hello, self._place() if begins else None))
        self._stream.greeted = True
        EVENTS.labels("hello").inc()

    async def _turn(self) -> None:
        """One thing of what there is to do, or a wait until there is something."""
        stream = self._stream
        if stream.undecided:
            self._hub.settle(stream, patient=self._clock() < self._patient_until)
        if self._clock() >= self._quiet_since + self._terms.heartbeat_seconds:
            await self._put(heartbeat(self._place() if stream.is_clean else None))
        elif stream.has_news and self._clock() >= self._tell_at:
            await self._tell()
        else:
            await self._wait()

    async def _wait(self) -> None:
        now, moments = self._clock(), [self._quiet_since + self._terms.heartbeat_seconds]
        if self._stream.undecided and self._patient_until > now:
            moments.append(self._patient_until)
        if self._stream.has_news:
            moments.append(self._tell_at)
        seconds = min(min(moments) - now, self._left_of_token())
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stream.bell.wait()
        self._stream.bell.clear()

    async def _tell(self) -> None:
        reason = self._stream.take_reset()
        if reason is not None:
            self._quota = None
            await self._say([StreamReset(reason=reason)], self._place())
            return
        wants = self._stream.take(AT_ONCE)
        place = self._place() if wants.all else None  # of this moment: what is heard from now on is not told yet
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                look = await self._eyes.see(Look(self._stream.user_id, wants.documents, wants.account))
        except (Transient, TimeoutError) as error:
            self._stream.give_back(wants)
            self._tell_at = self._clock() + self._backoff.next()
            log.warning("live.delayed", user_id=str(self._stream.user_id), reason=reason_of(error))
            return
        self._tell_at, self._backoff.attempts = self._clock() + REST_SECONDS, 0
        await self._say(self._news(look), place)

    def _news(self, look: Look) -> list[bodies.Response]:
        """Documents as they are now, the one that was written last at the end; the account where it is another."""
        documents = sorted(look.documents, key=lambda document: document.updated_at)
        told: list[bodies.Response] = [*map(of_document, documents)]
        if look.quota is not None and look.quota != self._quota:
            self._quota = look.quota
            told.append(of_account(look.quota))
        return told

    async def _say(self, told: Sequence[bodies.Response], place: Place | None = None) -> None:
        """The last one has the id: who is cut off before it is told all of them again."""
        if told:
            *others, last = told
            await self._put(b"".join([*map(event, others), event(last, place)]))
            for body in told:
                EVENTS.labels(name_of(body)).inc()

    async def _put(self, raw: bytes) -> None:
        await self._write(raw)
        self._quiet_since = self._clock()

    def _place(self) -> Place | None:
        return self._hub.window.now(self._stream.user_id)

    def _left_of_token(self) -> float:
        """Seconds."""
        return float("inf") if self._terms.expires_at is None else self._terms.expires_at - time.time()


def _time(seconds: float) -> datetime:
    """Of Unix seconds, as late as a time can be."""
    return datetime.fromtimestamp(min(seconds, LATEST), UTC)
