"""A language model's endpoint, a fall-back and an owner, for the tests of mode llm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

import aiohttp
from docuvault_contracts.events import FiledTopic

from services.classifier.filing import Filed, Llm, Mode, NotFiled, Owner, Topic, Wishes
from services.classifier.guarded import open_sessions
from services.classifier.modes.llm import LlmFiler, Time
from services.classifier.modes.llm_client import LlmClient
from services.classifier.modes.llm_manner import LlmManner
from services.classifier.modes.llm_talk import Talk
from services.classifier.networks import Allowance, parse_networks
from services.classifier.reading import Text
from tests.unit.llm_endpoint import HOST, KEY, MODEL, Endpoint, Names, serving

USER = UUID(int=1)
INVOICES, TRAVEL, RECIPES = (UUID(int=number) for number in (11, 12, 13))
TOPICS = (
    Topic(INVOICES, "Invoices", "bills for work", ("invoice", "due")),
    Topic(TRAVEL, "Travel"),
    Topic(RECIPES, "Recipes"),
)
WISHES = Wishes(Mode.LLM, threshold=0.5, most_topics=2, falls_back=False)
INVOICE = Text("Invoice no. 7: 12 hours of work, due in 30 days", "text/plain")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LOOPBACK = Allowance(parse_networks("127.0.0.0/8"))
MANNER = LlmManner(timeout_seconds=5, connect_seconds=2, answer_bytes=64 * 1024, failures_to_open=4, open_seconds=30)
FALLEN_BACK = FiledTopic(topic_id=TRAVEL, name="Travel", score=0.7, reason="near its description")


class FallBack:
    """A Filer that says one thing, and counts."""

    def __init__(self) -> None:
        self.outcome: Filed | NotFiled = Filed((FALLEN_BACK,))
        self.asked = 0

    async def file(self, _text: Text, _owner: Owner) -> Filed | NotFiled:
        self.asked += 1
        return self.outcome


class Clock:
    """A clock that moves by the waits alone, and keeps them."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@dataclass
class World:
    """All of it; `file` files as its owner would have it."""

    endpoint: Endpoint
    filer: LlmFiler
    names: Names
    fall_back: FallBack = field(default_factory=FallBack)
    clock: Clock = field(default_factory=Clock)
    key: str | None = KEY

    async def file(self, text: Text = INVOICE, wishes: Wishes = WISHES, **changes: object) -> Filed | NotFiled:
        url = str(changes.pop("url", self.endpoint.url))
        llm = Llm(url, MODEL, self.key)
        owner = Owner(USER, TOPICS, replace(wishes, llm=llm))
        return await self.filer.file(text, replace(owner, **changes))  # type: ignore[arg-type]

    async def topics(self, text: Text = INVOICE, **changes: object) -> list[FiledTopic]:
        outcome = await self.file(text, **changes)  # type: ignore[arg-type]
        assert isinstance(outcome, Filed), outcome
        return list(outcome.topics)

    async def refusal(self, text: Text = INVOICE, **changes: object) -> str:
        outcome = await self.file(text, **changes)  # type: ignore[arg-type]
        assert isinstance(outcome, NotFiled), outcome
        return outcome.reason


@asynccontextmanager
async def living(
    manner: LlmManner = MANNER, names: Names | None = None, allowance: Allowance = LOOPBACK
) -> AsyncIterator[World]:
    """A world, whose server must not have seen one wrong request at the end."""
    names = names or Names(**{HOST.replace(".", "_"): ["127.0.0.1"]})
    times = aiohttp.ClientTimeout(total=manner.timeout_seconds, sock_connect=manner.connect_seconds)
    async with serving() as endpoint, open_sessions(names, allowance, times) as sessions:
        fall_back, clock = FallBack(), Clock()
        talk = Talk(LlmClient(sessions, manner, lambda: NOW), manner)
        filer = LlmFiler(talk, fall_back, manner, Time(clock, clock.wait))
        yield World(endpoint, filer, names, fall_back, clock)
        assert endpoint.complaints == []
