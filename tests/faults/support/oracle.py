"""What must be true once all is at rest: of every document of every client, and of all that was ever decided."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from tests.faults.support.history import History, assert_decided_once
from tests.faults.support.load import Load
from tests.faults.support.plans import Kind, Story
from tests.faults.support.site import Site
from tests.faults.support.wire import open_wire
from tests.stack.support.api import Client
from tests.stack.support.bucket import Bucket
from tests.stack.support.rest import assert_clean
from tests.stack.support.waiting import eventually

REST_SECONDS = 90.0


async def assert_at_rest(site: Site, *loads: Load) -> History:
    """Waits for rest, then holds the stack to its invariants, to its history and to what each client was told.

    Nothing misses a notification about what is deleted: without it all is clean, and yet it is decided when it comes.
    """
    await site.processes.ready()
    await eventually(site.untold, becomes=0, within=REST_SECONDS)
    await assert_clean(site.info, REST_SECONDS)
    async with open_wire(site.info) as wire:
        history = await assert_decided_once(site.info, wire)
    for load in loads:
        assert not load.lies, load.lies
        _assert_all_decided(load, history)
        await asyncio.gather(*(_assert_user(client, load, site.bucket) for client in load.clients))
    return history


def _assert_all_decided(load: Load, history: History) -> None:
    """Every PUT that was acknowledged last under its key was decided, and as it had to be."""
    latest = history.latest()
    undecided = [story.upload.key for story in load.stories if story.upload.key not in latest]
    assert undecided == []
    state = {Kind.DELETED: {"released", "rejected"}, Kind.TOO_LARGE: {"rejected"}}
    wrong = [
        (story.upload.key, story.kind, latest[story.upload.key].state)
        for story in load.stories
        if latest[story.upload.key].state not in state.get(story.kind, {"reserved"})
    ]
    assert wrong == []


async def _assert_user(client: Client, load: Load, bucket: Bucket) -> None:
    stories = [story for story in load.stories if story.client is client]
    kept = [story for story in stories if story.kind not in {Kind.DELETED, Kind.TOO_LARGE}]
    assert await client.used_bytes() == sum(len(story.data) for story in kept) <= load.limit_bytes
    assert await bucket.of(client.user_id) == {story.upload.key for story in kept}
    sizes = {story.upload.document_id: len(story.data) for story in kept}
    shown = {each["id"]: each["size_bytes"] async for each in _documents(client) if each["status"] != "pending"}
    assert shown == sizes
    await _assert_kept(kept, bucket)
    await _assert_gone(stories)


async def _documents(client: Client) -> AsyncIterator[dict[str, Any]]:
    """All the client's documents, page by page."""
    query = "limit=100"
    while query:
        page = (await client.list(query)).body
        for each in page["items"]:
            yield each
        query = f"limit=100&cursor={page['next_cursor']}" if page["next_cursor"] else ""


async def _assert_kept(kept: Sequence[Story], bucket: Bucket) -> None:
    """What is there is what was put last, and a confirm says so, also of those that nobody confirmed before."""
    for story in kept:
        assert (await bucket.look(story.upload.key)).etag == story.etag, story.upload.key
        answer = await story.client.confirm(story.upload.document_id)
        assert (answer.status, answer.body.get("size_bytes")) == (200, len(story.data)), (story.upload.key, answer)


async def _assert_gone(stories: Sequence[Story]) -> None:
    for story in stories:
        if story.kind is Kind.DELETED:
            assert await story.client.status_of(story.upload) == 404, story.upload.key
            assert (await story.client.confirm(story.upload.document_id)).status == 404, story.upload.key
        if story.kind is Kind.TOO_LARGE:
            answer = await story.client.confirm(story.upload.document_id)
            assert (answer.status, answer.body["detail"]["rejected_bytes"]) == (413, len(story.data)), answer
