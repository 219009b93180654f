"""Mode llm: the user's own language model says where a document belongs, and what happens where it does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp
import structlog

from services.chassis.backoff import Backoff
from services.classifier.filing import Filed, Filer, Later, Llm, NotFiled, Owner
from services.classifier.guarded import open_sessions
from services.classifier.lookup import Lookup
from services.classifier.modes.llm_breaker import Breakers, Rule
from services.classifier.modes.llm_client import LlmClient
from services.classifier.modes.llm_failures import TOO_LONG, Failure, Kind
from services.classifier.modes.llm_manner import LlmManner
from services.classifier.modes.llm_talk import Talk
from services.classifier.networks import Allowance
from services.classifier.reading import Text

log = structlog.get_logger(__name__)

_BACKOFF_SECONDS = 0.5
_SLACK_SECONDS = 0.05
"""Over what an endpoint asked for: timers of event loops may be early by a tick."""
_NO_SETTINGS = Failure(Kind.REFUSED, "No language model is set")
_OPEN = "The language model failed several times in a row and is left alone for a while"


@dataclass(frozen=True, slots=True)
class Time:
    """The clock, monotonic and in seconds, and how to wait."""

    clock: Callable[[], float] = time.monotonic
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep


class LlmFiler:
    """A Filer. Where the model fails, the fall-back files if the owner wishes so."""

    def __init__(self, talk: Talk, fall_back: Filer, manner: LlmManner, time: Time | None = None) -> None:
        self._talk = talk
        self._fall_back = fall_back
        self._manner = manner
        self._time = time or Time()
        self._breakers = Breakers(Rule(manner.failures_to_open, manner.open_seconds))

    async def file(self, text: Text, owner: Owner) -> Filed | NotFiled:
        """Where the model says it belongs. Raises Later where it may say so later and its owner wants no fall-back."""
        if not owner.topics:
            return Filed(())
        llm = owner.wishes.llm
        outcome = _NO_SETTINGS if llm is None else await self._asked(text, owner, llm)
        if isinstance(outcome, Filed):
            return outcome
        log.warning("classifier.llm_failed", user_id=str(owner.user_id), kind=outcome.kind, reason=outcome.reason)
        return await self._without(outcome, text, owner)

    async def _without(self, failure: Failure, text: Text, owner: Owner) -> Filed | NotFiled:
        if owner.wishes.falls_back:
            return _because(failure, await self._fall_back.file(text, owner))
        if failure.kind is Kind.AWAY:
            raise Later(failure.reason, failure.after_seconds)
        return NotFiled(failure.reason)

    async def _asked(self, text: Text, owner: Owner, llm: Llm) -> Filed | Failure:
        """An endpoint that refuses one way of asking after the other, each time late, is not waited for without end."""
        circuit = hash((owner.user_id, llm))  # new settings are a new circuit, and no key is kept for it
        try:
            async with asyncio.timeout(self._manner.longest_seconds):
                return await self._twice(circuit, text, owner, llm)
        except TimeoutError:
            self._breakers.failed(circuit, self._time.clock())
            return TOO_LONG

    async def _twice(self, circuit: int, text: Text, owner: Owner, llm: Llm) -> Filed | Failure:
        """Two attempts at most, the second one after a short wait."""
        if wait := self._breakers.wait(circuit, self._time.clock()):
            return Failure(Kind.AWAY, _OPEN, wait)
        outcome = await self._attempt(circuit, text, owner, llm)
        if isinstance(outcome, Filed) or not self._is_worth_a_wait(outcome):
            return outcome
        await self._time.wait(_delay(outcome))
        if wait := self._breakers.wait(circuit, self._time.clock()):
            return replace(outcome, after_seconds=wait)
        return await self._attempt(circuit, text, owner, llm)

    def _is_worth_a_wait(self, failure: Failure) -> bool:
        return failure.is_tried_again and (failure.after_seconds or 0) <= self._manner.patience_seconds

    async def _attempt(self, circuit: int, text: Text, owner: Owner, llm: Llm) -> Filed | Failure:
        outcome = await self._talk.topics(text, owner, llm)
        if isinstance(outcome, Failure) and outcome.speaks_against_endpoint:
            self._breakers.failed(circuit, self._time.clock(), outcome.after_seconds)
        else:
            self._breakers.succeeded(circuit)
        return outcome if isinstance(outcome, Failure) else Filed(outcome)


def _delay(failure: Failure) -> float:
    """Seconds until the second attempt."""
    if failure.after_seconds is None:
        return Backoff(base=_BACKOFF_SECONDS).next()
    return failure.after_seconds + _SLACK_SECONDS


def _because(failure: Failure, outcome: Filed | NotFiled) -> Filed | NotFiled:
    """The fall-back's outcome, each reason with why it was asked."""
    if isinstance(outcome, NotFiled):
        return NotFiled(f"{failure.reason}; {outcome.reason}")
    topics = (each.model_copy(update={"reason": f"{failure.reason}; {each.reason}"}) for each in outcome.topics)
    return Filed(tuple(topics), outcome.vector)


@asynccontextmanager
async def open_llm(
    lookup: Lookup, allowance: Allowance, manner: LlmManner, fall_back: Filer
) -> AsyncIterator[LlmFiler]:
    """The filer with its connections, closed at the end."""
    times = aiohttp.ClientTimeout(total=manner.timeout_seconds, sock_connect=manner.connect_seconds)
    async with open_sessions(lookup, allowance, times) as sessions:
        yield LlmFiler(Talk(LlmClient(sessions, manner), manner), fall_back, manner)
