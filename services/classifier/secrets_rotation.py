"""Encrypts stored keys anew under the first of the operator's keys, so that the others can be dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg
import structlog

from services.chassis.jobs import Job, Lease
from services.chassis.postgres import load_sql, translated
from services.classifier.secrets import KeySafe

log = structlog.get_logger(__name__)
SQL = load_sql("services.classifier")

EVERY_SECONDS = 3600.0
SLICE = 200
_START = UUID(int=0)


def rotation_job(pool: asyncpg.Pool[asyncpg.Record], safe: KeySafe, every_seconds: float = EVERY_SECONDS) -> Job:
    """The job `rotation`; its result counts the keys that were encrypted anew, and those that nobody can read."""

    async def rotate(lease: Lease) -> Mapping[str, object]:
        counts, after = {"renewed": 0, "unreadable": 0}, _START
        while rows := await _slice(pool, after):
            await lease.check()
            await _renew(pool, safe, rows, counts)
            after = rows[-1]["user_id"]
        return counts

    return Job("rotation", every_seconds, rotate)


async def _slice(pool: asyncpg.Pool[asyncpg.Record], after: UUID) -> Sequence[asyncpg.Record]:
    with translated():
        return await pool.fetch(SQL["sealed_slice"], after, SLICE)


async def _renew(
    pool: asyncpg.Pool[asyncpg.Record], safe: KeySafe, rows: Sequence[asyncpg.Record], counts: dict[str, int]
) -> None:
    made = [(row["user_id"], row["llm_key"], safe.renew(row["user_id"], row["llm_key"])) for row in rows]
    news = [each for each in made if each[2] is not None]
    counts["renewed"] += len(news)
    counts["unreadable"] += sum(safe.open(user_id, token) is None for user_id, token, _ in made)
    if news:
        with translated():
            await pool.execute(SQL["reseal"], *map(list, zip(*news, strict=True)))
