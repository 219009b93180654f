"""The object store restarted, killed and away under load, and what a crash leaves in its queue."""

from __future__ import annotations

import asyncio
import os
from uuid import uuid4

import aiohttp

from deploy.local.server_minio import check_url
from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Plan
from tests.faults.support.running import under
from tests.faults.support.site import Site
from tests.stack.support.waiting import eventually

AWAY_SECONDS = 3.0


async def test_the_store_restarted_and_killed_under_load_loses_no_byte(
    site: Site,
) -> None:
    load = Load(site.api, Plan(users=6, uploads=80, seed=3, pause=0.1))
    async with under(load):
        await load.has_put(20)
        async with site.processes.without("minio"):
            await asyncio.sleep(AWAY_SECONDS)  # the fault itself: it takes as long as it takes
        await load.has_put(20)
        await site.processes.kill("minio")
        await load.has_put(20)
    await assert_at_rest(site, load)


async def test_events_that_a_crash_cut_short_hold_up_none_that_come_later(site: Site) -> None:
    client = await site.api.user()
    log = site.stack.layout.log("minio")
    async with site.processes.without("minio"):
        (folder,) = (path for path in site.stack.layout.untold.iterdir() if path.is_dir())
        cut = [folder / f"{uuid4()}.event" for _ in range(2)]
        for path, data in zip(cut, (b"", b'{"eventVersion":"2.0","eventSource":"minio:s3","s3":{"buck'), strict=True):
            path.write_bytes(data)
            os.utime(path, (0, 0))  # the oldest, which are told first
    await eventually(lambda: _answers(site), becomes=True)
    upload = await client.put_new(b"nobody confirms me")
    await eventually(lambda: client.status_of(upload), becomes="uploaded")
    await assert_at_rest(site)
    said = log.read_text()
    assert all(path.name in said for path in cut)


async def _answers(site: Site) -> bool:
    try:
        await check_url(f"http://{site.info.minio_endpoint}/minio/health/cluster")
    except (OSError, aiohttp.ClientError):
        return False
    return True
