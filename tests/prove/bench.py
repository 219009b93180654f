"""What the examples run on: pools for two replicas, another to look with, a loop; and a tally of what they did."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg
import structlog
from pydantic import SecretStr

from services.chassis.migrations import migrate
from services.chassis.postgres import Pool, load_sql, open_pool
from services.chassis.settings import DatabaseSettings
from tests.prove.server import Server

T = TypeVar("T")
AUDITS = ("audit_accounts", "audit_versions")


@dataclass
class Tally:
    """Examples, what was done in them, records told, and how often each event was said (with its reason)."""

    examples: int = 0
    steps: int = 0
    records: int = 0
    said: Counter[str] = field(default_factory=Counter)

    def note(self, messages: Sequence[dict[str, Any]]) -> None:
        for message in messages:
            reason = message["data"].get("reason")
            self.said[f"{message['headers']['ce_type']}({reason})" if reason else message["headers"]["ce_type"]] += 1


@dataclass
class Bench:
    """Runs what is asynchronous from what is not."""

    loop: asyncio.AbstractEventLoop
    replicas: Sequence[Pool]
    eyes: Pool
    tally: Tally = field(default_factory=Tally)

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(what)


@contextmanager
def open_bench(server: Server) -> Iterator[Bench]:
    """Two replicas on the migrated schema. At the end, unless something failed, all that was ever done is audited."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with asyncio.Runner() as runner:
        exits = AsyncExitStack()
        *replicas, eyes = runner.run(_open(exits, server))
        try:
            yield Bench(runner.get_loop(), replicas, eyes)
            runner.run(_audit(server))
        finally:
            runner.run(exits.aclose())
            structlog.reset_defaults()


async def _open(exits: AsyncExitStack, server: Server) -> list[Pool]:
    settings = DatabaseSettings(database_url=SecretStr(server.url("quota")), database_pool_size=4)
    pools = [await exits.enter_async_context(open_pool(settings)) for _ in range(3)]
    await migrate(pools[0], "services.quota")
    return pools


async def _audit(server: Server) -> None:
    """What `make audit` asks the ledger's tables, under the role that only reads."""
    connection = await asyncpg.connect(server.url("audit"))
    try:
        for name in AUDITS:
            assert await connection.fetch(load_sql("services.quota")[name]) == [], name
    finally:
        await connection.close()
