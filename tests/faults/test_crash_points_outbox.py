"""kill -9 of the outboxes' relays at each boundary: what was committed is said, under the same id each time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientError
from docuvault_contracts import topics

from services.chassis.failpoints import Name
from tests.faults.support.aftermath import (
    PASSERS_BY,
    assert_as_if_nothing_had_happened,
    crash_under_load,
    forgotten,
)
from tests.faults.support.crash_names import IN_THE_RELAY
from tests.faults.support.crashes import Crashes, Stop
from tests.faults.support.eyes import Eyes
from tests.faults.support.load import Load
from tests.faults.support.plans import Kind, Plan
from tests.faults.support.site import Site
from tests.stack.support.api import Client
from tests.stack.support.rest import assert_clean

LIMIT_BYTES = 4096
UNANSWERED = {503, 0}


@pytest.mark.parametrize("name", IN_THE_RELAY)
async def test_a_relay_killed_at_a_boundary_says_all_that_was_committed(
    name: Name, site: Site, crashes: Crashes, eyes: Eyes
) -> None:
    stops = [Stop(process, name) for process in IN_THE_RELAY[name]]
    asking = Load(site.api, Plan(users=1, uploads=1, seed=9, kinds={Kind.LEFT: 1}))
    others = Load(site.api, PASSERS_BY)
    newcomer, admin = uuid4(), site.api.stranger("admin")
    for load in (asking, others):
        await load.open()
    await assert_clean(site.info)
    crashes.arm(stops)
    async with asyncio.TaskGroup() as group:
        group.create_task(asking.run())
        group.create_task(_open_account(admin, newcomer))
        await crashes.reached(stops)
        for service, user in (("upload", asking.clients[0].user_id), ("quota", newcomer)):
            assert await _seen(service, user, eyes) == _EFFECTS[name], service
        await crash_under_load(crashes, stops, others, eyes)
    await assert_as_if_nothing_had_happened(site, eyes, asking, others)
    assert await forgotten(eyes, asking) <= 1, "whoever was cut off before the answer asked once more"
    assert await forgotten(eyes, others) == 0
    assert await eyes.rows("quota.accounts", newcomer, f"version = 1 AND limit_bytes = {LIMIT_BYTES}") == 1


async def _open_account(admin: Client, user_id: UUID) -> None:
    """Until it is answered, as an operator's script does."""
    status = 0
    while status in UNANSWERED:
        try:
            status = (await admin.set_limit(user_id, LIMIT_BYTES)).status
        except (ClientError, TimeoutError, ConnectionError):
            await asyncio.sleep(0.1)
    assert status == 200


_EFFECTS: Mapping[Name, Mapping[str, bool]] = {
    "outbox.after_take": {"said": False, "kept": True},
    "outbox.after_publish": {"said": True, "kept": True},
    "outbox.after_delete": {"said": True, "kept": True},  # what is deleted is there until the commit
    "outbox.after_commit": {"said": True, "kept": False},
}


async def _seen(service: str, user_id: UUID, eyes: Eyes) -> dict[str, bool]:
    topic, type_ = {
        "upload": (topics.DOCUMENTS, "upload.requested"),
        "quota": (topics.QUOTA, "quota.limit_changed"),
    }[service]
    return {"said": bool(await eyes.said(topic, type_, user_id)), "kept": bool(await eyes.kept(service))}
