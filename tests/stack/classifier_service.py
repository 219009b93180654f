"""The classifier's HTTP side in this process, on a real database; the test plays the consumer and the workers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import numpy as np
import orjson
from cryptography.fernet import Fernet
from docuvault_contracts.cloudevents import Message, decode
from docuvault_contracts.events import Event
from pydantic import SecretStr

from services.chassis.auth import TokenVerifier, create_access_token
from services.chassis.migrations import migrate
from services.chassis.outbox import Outbox, message_of
from services.chassis.postgres import open_pool
from services.chassis.settings import DatabaseSettings, HttpSettings, TokenSettings
from services.chassis.web import listening, make_app
from services.classifier.corrections import PgCorrections
from services.classifier.filing import Mode, Wishes
from services.classifier.http import make_routes
from services.classifier.secrets import KeySafe
from services.classifier.settings_store import PgSettings
from services.classifier.suggestions import PgSuggestions
from services.classifier.topics_store import PgTopics

DEFAULTS = Wishes(Mode.EMBEDDING, 0.5, 3)
DIMENSION = 8
NOWHERE = "http://10.0.0.1/v1"
Answer = tuple[int, Any]


class Settings(HttpSettings, TokenSettings, DatabaseSettings):
    """What of the classifier's settings the HTTP side goes by."""


class Checker:
    """Refuses one URL."""

    async def check(self, url: str) -> str | None:
        return "no address that this server may call" if url == NOWHERE else None


@dataclass(slots=True)
class Service:
    """A replica that serves HTTP, and a look behind it."""

    pool: asyncpg.Pool[asyncpg.Record]
    session: aiohttp.ClientSession
    settings: Settings
    outbox: Outbox
    safe: KeySafe
    woken: list[None] = field(default_factory=list)

    async def call(self, method: str, path: str, user: UUID, body: object = None, **headers: str) -> Answer:
        """The status and the parsed body."""
        raw = BytesIO(body) if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        token = create_access_token(user, "user", self.settings)
        given = {"Authorization": f"Bearer {token}"} | headers
        async with self.session.request(method, path, data=raw, headers=given) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def topic(self, user: UUID, name: str, **fields: Any) -> str:
        """The id of a new topic."""
        status, made = await self.call("POST", "/api/topics", user, {"name": name} | fields)
        assert status == 201, made
        return str(made["id"])

    async def names(self, user: UUID) -> list[str]:
        """What the user's topics are called."""
        return [topic["name"] for topic in (await self.call("GET", "/api/topics", user))[1]["items"]]

    async def file(self, user: UUID, document: UUID, *topics: str) -> Answer:
        """Files a document by hand."""
        return await self.call("PUT", f"/api/documents/{document}/topics", user, {"topic_ids": topics})

    async def store(self, user: UUID, *, read: bool = True, state: str = "stored", **columns: Any) -> UUID:
        """A document as the consumer and, where it was `read`, a worker have left it."""
        document = uuid4()
        given = {
            "document_id": document,
            "user_id": user,
            "object_key": f"{user}/{document}/{uuid4()}.txt",
            "version": 1,
            "state": state,
            "etag": "e" if state == "stored" else None,
            "vector": vector(1) if read and state == "stored" else None,
            "vector_of": "test" if read and state == "stored" else None,
        } | columns
        places = ", ".join(f"${place}" for place in range(1, len(given) + 1))
        await self.pool.execute(
            f"INSERT INTO documents ({', '.join(given)}, changed_at) VALUES ({places}, clock_timestamp())",  # noqa: S608 - ours
            *given.values(),
        )
        return document

    async def row(self, document: UUID) -> asyncpg.Record:
        """The document's row."""
        found = await self.pool.fetchrow("SELECT * FROM documents WHERE document_id = $1", document)
        assert found is not None
        return found

    async def filed(self, document: UUID) -> list[str]:
        """The topics of the document's row."""
        return [topic["topic_id"] for topic in orjson.loads((await self.row(document))["topics"])]

    async def examples(self, document: UUID) -> set[str]:
        """The topics that the document is an example of."""
        rows = await self.pool.fetch("SELECT topic_id FROM examples WHERE document_id = $1", document)
        return {str(row["topic_id"]) for row in rows}

    async def someone_waits(self) -> bool:
        """Whether a statement waits for a lock that another transaction holds."""
        return bool(
            await self.pool.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )

    async def messages(self, document: UUID | None = None) -> list[Message]:
        """What was put into the outbox, oldest first."""
        found = [message_of(row) for row in await self.pool.fetch("SELECT * FROM outbox ORDER BY id")]
        return [each for each in found if document is None or each.key == str(document).encode()]

    async def said(self, document: UUID | None = None) -> list[Event]:
        """The same, as events."""
        return [decode(message.headers, message.value).event for message in await self.messages(document)]


def vector(*numbers: float) -> bytes:
    """A document's vector, as it is stored."""
    padded = np.zeros(DIMENSION, "<f4")
    padded[: len(numbers)] = numbers
    return bytes((padded / np.linalg.norm(padded)).astype("<f4"))


@asynccontextmanager
async def open_classifier(database_url: str, keys: Sequence[str] | None = None, **given: Any) -> AsyncIterator[Service]:
    """The service on the migrated and emptied database, with Fernet keys of its own unless some are given."""
    async with AsyncExitStack() as exits:
        settings = Settings(
            database_url=SecretStr(database_url), database_pool_size=25, http_port=0, jwt_secret=SecretStr("s" * 32)
        )
        pool = await exits.enter_async_context(open_pool(settings))
        await migrate(pool, "services.classifier")
        if not given.pop("goes_on", False):
            await pool.execute("TRUNCATE topics, settings, documents, examples, outbox, jobs")
        safe = KeySafe([Fernet.generate_key().decode()] if keys is None else keys)
        outbox, woken = Outbox(), list[None]()
        routes = make_routes(
            PgTopics(pool),
            PgSuggestions(pool),
            PgSettings(pool, safe, DEFAULTS),
            PgCorrections(pool, outbox),
            Checker(),
            defaults=DEFAULTS,
            wake=lambda: woken.append(None),
            wait_seconds=given.pop("wait_seconds", 0.3),
        )
        app = make_app(settings, TokenVerifier(settings), ready={}, setup=routes.setup)
        port = await exits.enter_async_context(listening(app, settings))
        session = await exits.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{port}"))
        yield Service(pool, session, settings, outbox, safe, woken)
