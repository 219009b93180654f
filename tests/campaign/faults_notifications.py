"""What befalls the store's notifications: dropped, doubled, delayed, in another order, with no folder to wait in."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from docuvault_contracts import topics

from tests.campaign.world import BACK_SECONDS, World, persist
from tests.faults.support.wire import Raw

WAY = "store_kafka"
DOUBLED = 40


@asynccontextmanager
async def dropped(world: World, _: str, __: random.Random) -> AsyncIterator[None]:
    """What the store has to tell meanwhile is never told."""
    async with _held(world):
        yield


@asynccontextmanager
async def delayed(world: World, _: str, __: random.Random) -> AsyncIterator[None]:
    """It is told when the load is over: minutes later, of which each is an hour by the sweep's age here."""
    async with _held(world) as held:
        yield
    world.delayed += held


@asynccontextmanager
async def reordered(world: World, _: str, chance: random.Random) -> AsyncIterator[None]:
    """It is told in another order, also of one object's."""
    async with _held(world) as held:
        yield
    await say(world, held[::-1], chance)


@asynccontextmanager
async def doubled(world: World, _: str, chance: random.Random) -> AsyncIterator[None]:
    """Some of all that was ever told is told again."""
    async with world.wire() as wire, asyncio.timeout(BACK_SECONDS):
        told = await persist(lambda: wire.read(topics.STORAGE_EVENTS.name))
        again = chance.sample(told, min(DOUBLED, len(told)))
        await persist(lambda: wire.write_again(again))
    yield


@asynccontextmanager
async def without_a_folder(world: World, _: str, __: random.Random) -> AsyncIterator[None]:
    """The folder where they wait is gone with what is in it; the store does not make it again by itself."""
    folders = [path for path in world.site.stack.layout.untold.iterdir() if path.is_dir()]
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    finally:
        for folder in folders:
            folder.mkdir(exist_ok=True)


@asynccontextmanager
async def _held(world: World) -> AsyncIterator[list[Raw]]:
    """Inside, the store cannot tell Kafka; afterwards it never does, and the list holds what it would have said."""
    held: list[Raw] = []
    async with world.way(WAY).away():
        yield held
        files = [path for path in world.site.stack.layout.untold.rglob("*") if path.is_file()]
        for path in sorted(files, key=_age):
            held += _taken(path)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _taken(path: Path) -> list[Raw]:
    """What a file of the queue would have become; nothing where the store is just writing it: then it is dropped."""
    event = _event_in(path)
    path.unlink(missing_ok=True)
    if event is None:
        return []
    key = f"{event['s3']['bucket']['name']}/{unquote_plus(event['s3']['object']['key'])}"
    value = json.dumps({"EventName": event["eventName"], "Key": key, "Records": [event]}).encode()
    return [Raw(topics.STORAGE_EVENTS.name, value, key.encode())]


def _event_in(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_text(errors="replace"))
    except (OSError, ValueError):
        return None
    return found


def waiting_events(folder: Path) -> int:
    """How many whole events wait in the store's queue: what a full disk made of others is told to nobody."""
    return sum(_event_in(path) is not None for path in folder.rglob("*") if path.is_file())


async def say(world: World, raws: list[Raw], chance: random.Random) -> None:
    """Tells Kafka in the store's place, each to some partition."""
    if not raws:
        return
    async with world.wire() as wire, asyncio.timeout(BACK_SECONDS):
        partitions = await persist(lambda: wire.partitions(topics.STORAGE_EVENTS.name))
        for raw in raws:
            await wire.write([raw], chance.choice(partitions).partition)
