"""What HTTP-CONTRACT.md and the probes say while a server is away: which answer each call gets, and how soon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass

import aiohttp

from tests.faults.support.clock import slowness
from tests.faults.support.recovery import confirmed
from tests.faults.support.site import Site
from tests.stack.support.api import Answer, Client, Upload
from tests.stack.support.waiting import eventually

UNAVAILABLE = {"detail": "Temporarily unavailable, try again"}
_READS = {"list": 200, "get": 200, "quota": 200}
STATUSES: Mapping[str, Mapping[str, int]] = {
    "postgres": dict.fromkeys(("list", "get", "quota", "upload-url", "confirm", "delete", "classify"), 503),
    "kafka": {**_READS, "upload-url": 200, "confirm": 202, "delete": 204, "classify": 202},
    "minio": {**_READS, "upload-url": 200, "confirm": 503, "delete": 204, "classify": 202},
}
NOT_READY: Mapping[str, Mapping[str, set[str]]] = {
    "postgres": {"upload": {"postgres"}, "quota": {"postgres"}, "janitor": {"postgres"}, "classifier": {"postgres"}},
    "kafka": {
        **{name: {"kafka", "consumer"} for name in ("upload", "quota", "classifier")},
        "janitor": {"kafka"},
    },
    "minio": {"upload": {"minio"}, "quota": set(), "janitor": {"minio"}, "classifier": {"minio"}},
}
TIMES_THE_LIMIT = 3.0
"""An answer may take this many times its own limit, times the machine's slowness: far from a hang all the same."""


@dataclass(frozen=True, slots=True)
class Subjects:
    """A caller with documents that were there before the fault: with bytes and confirmed, and without."""

    client: Client
    stored: Upload
    deleted: Upload
    pending: Upload


async def subjects(site: Site) -> Subjects:
    """Makes them."""
    client = await site.api.user()
    stored, deleted = await asyncio.gather(confirmed(client), confirmed(client))
    return Subjects(client, stored, deleted, await client.begin())


async def assert_answers(about: Subjects, way: str, limits: Mapping[str, float]) -> None:
    """Every call gets its documented answer, in its time; `limits` are the routes' own, in seconds."""
    client = about.client
    new = await client.put_new(b"put meanwhile") if way == "kafka" else about.pending
    calls = {
        "list": client.list(),
        "get": client.get(about.stored.document_id),
        "quota": client.quota(),
        "upload-url": client.upload_url("report.pdf"),
        "confirm": client.confirm(new.document_id),
        "delete": client.delete(about.deleted.document_id),
        "classify": client.classify(about.stored.document_id),
    }
    async with slowness() as slow:
        told = dict(zip(calls, await asyncio.gather(*(_timed(call) for call in calls.values())), strict=True))
    assert {name: answer.status for name, (answer, _) in told.items()} == STATUSES[way]
    for name, (answer, seconds) in told.items():
        _assert_told_well(answer, name)
        times = seconds / limits.get(name, limits["any"])
        assert times <= TIMES_THE_LIMIT * slow.factor, f"{name} took {times:.1f} times its limit"


def _assert_told_well(answer: Answer, name: str) -> None:
    if answer.status == 503:
        assert answer.body == UNAVAILABLE, name
    if answer.status == 503 or (name, answer.status) == ("confirm", 202):
        assert int(answer.headers["Retry-After"]) > 0, name


async def _timed(call: Awaitable[Answer]) -> tuple[Answer, float]:
    began = time.monotonic()
    answer = await call
    return answer, time.monotonic() - began


async def assert_probes(site: Site, way: str) -> None:
    """Every service is alive, and says of which server it is not ready for, and of no other."""
    for name, url in site.info.service_urls.items():
        expected = NOT_READY[way][name.rpartition("-")[0]]
        await eventually(lambda url=url: _not_ready(url), becomes=expected)  # type: ignore[misc]
        async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as response:
            assert response.status == 200, name


async def _not_ready(url: str) -> set[str]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as response:
        return set() if response.status == 200 else set((await response.json())["detail"]["not_ready"])
