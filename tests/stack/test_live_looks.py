"""Looks of several streams in one statement: each is told of its own user's things, and few rows are read."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from services.chassis.postgres import load_sql
from services.upload.live.looks import Look, PgEyes
from tests.stack.upload_replicas import Replica, reserved


async def test_looks_that_are_made_together_are_each_their_own(replica: Replica) -> None:
    eyes, users = PgEyes(replica.pool), [uuid4() for _ in range(5)]
    documents = [await replica.make(user) for user in users]
    await replica.hear(*(reserved(each, size=place) for place, each in enumerate(documents)))
    wanted = [each.id for each in documents]
    looks = await asyncio.gather(*(eyes.see(Look(user, wanted, wants_quota=True)) for user in users))
    for place, (user, look) in enumerate(zip(users, looks, strict=True)):
        assert [(each.user_id, each.size_bytes) for each in look.documents] == [(user, place)]
        assert look.quota is not None
        assert look.quota.used_bytes == place


async def test_an_account_that_nobody_wants_to_know_of_or_that_is_not_known_is_not_told(replica: Replica) -> None:
    eyes, user = PgEyes(replica.pool), uuid4()
    document = await replica.make(user)
    await replica.hear(reserved(document))
    assert (await eyes.see(Look(user, [document.id], wants_quota=False))).quota is None
    assert (await eyes.see(Look(uuid4(), [], wants_quota=True))).quota is None


@pytest.mark.parametrize("statement", ["live_documents", "live_accounts"])
async def test_no_look_reads_a_whole_table(replica: Replica, statement: str) -> None:
    user = uuid4()
    for _ in range(3):
        await replica.make(user)
    arguments: Any = "('{}', '{}')" if statement == "live_documents" else "('{}')"
    async with replica.pool.acquire() as connection:
        await connection.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off")
        await connection.execute(f"PREPARE look AS {load_sql('services.upload')[statement]}")
        plan = [row[0] for row in await connection.fetch(f"EXPLAIN EXECUTE look {arguments}")]
        await connection.execute("DEALLOCATE look; RESET plan_cache_mode; RESET enable_seqscan")
    assert not any("Seq Scan" in line for line in plan), plan
    assert any("Index" in line for line in plan)
