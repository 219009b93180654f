"""Every order of notification, confirm and delete, each also twice.

The store is silent here and its records are said by the test, one step after the other was heard: so each order is
driven exactly, where the store's own delivery would come up to seconds later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import permutations

import pytest
from docuvault_contracts import topics
from docuvault_contracts.events import QuotaReleased, QuotaReserved

from deploy.local.stack import Stack
from tests.stack.support.api import Api, Client, Upload
from tests.stack.support.broker import Broker
from tests.stack.support.bucket import Bucket, Seen
from tests.stack.support.notifications import created, removed
from tests.stack.support.rest import assert_clean
from tests.stack.support.waiting import eventually

SIZE = 1000


@pytest.fixture(autouse=True)
async def _silent(bucket: Bucket) -> AsyncIterator[None]:
    async with bucket.silent():
        yield


@dataclass(frozen=True, slots=True)
class Scene:
    """A document whose bytes were put and of which nobody has heard yet."""

    user: Client
    upload: Upload
    seen: Seen
    bucket: Bucket
    broker: Broker

    async def notify(self) -> int:
        """The store's record arrives and is heard; nobody is told anything."""
        place = await self.broker.notify(self.bucket.name, self.seen.key, created(self.bucket.name, self.seen))
        await self.broker.heard("quota", place)
        return 0

    async def confirm(self) -> int:
        return (await self.user.confirm(self.upload.document_id)).status

    async def delete(self) -> int:
        return (await self.user.delete(self.upload.document_id)).status

    async def act(self, order: str) -> list[int]:
        """The statuses of the steps: N notification, C confirm, D delete."""
        steps = {"N": self.notify, "C": self.confirm, "D": self.delete}
        return [await steps[step]() for step in order]


async def set_scene(api: Api, bucket: Bucket, broker: Broker, limit_bytes: int = 10 * SIZE) -> Scene:
    user = await api.user(limit_bytes)
    upload = await user.put_new(b"x" * SIZE)
    return Scene(user, upload, await bucket.look(upload.key), bucket, broker)


def orders_of(steps: str) -> list[str]:
    """Every order of the steps, each once."""
    return sorted({"".join(order) for order in permutations(steps)})


def expected(order: str, confirmed: int) -> list[int]:
    """A notification tells nobody; a confirm is answered until the delete, and a delete works once."""
    after, statuses = False, []
    for step in order:
        statuses.append({"N": 0, "C": 404 if after else confirmed, "D": 404 if after else 204}[step])
        after = after or step == "D"
    return statuses


async def _act_all(scenes: Sequence[Scene], orders: Sequence[str]) -> dict[str, list[int]]:
    statuses = await asyncio.gather(*(scene.act(order) for scene, order in zip(scenes, orders, strict=True)))
    return dict(zip(orders, statuses, strict=True))


async def test_in_whatever_order_they_come_the_bytes_are_charged_once(api: Api, bucket: Bucket, broker: Broker) -> None:
    orders = orders_of("NNCC")
    scenes = await asyncio.gather(*(set_scene(api, bucket, broker) for _ in orders))
    assert await _act_all(scenes, orders) == {order: expected(order, 200) for order in orders}
    for scene in scenes:
        await eventually(_status(scene), becomes="uploaded")
        assert await scene.user.used_bytes() == SIZE
        assert await bucket.holds(scene.upload.key)


async def test_in_whatever_order_they_come_a_delete_gives_all_bytes_back_once(
    api: Api, bucket: Bucket, broker: Broker, stack: Stack
) -> None:
    orders = orders_of("NNCCDD")
    scenes = await asyncio.gather(*(set_scene(api, bucket, broker) for _ in orders))
    assert await _act_all(scenes, orders) == {order: expected(order, 200) for order in orders}
    await assert_clean(stack.info)
    used = await asyncio.gather(*(scene.user.used_bytes() for scene in scenes))
    left = await asyncio.gather(*(bucket.of(scene.user.user_id) for scene in scenes))
    assert dict(zip(orders, zip(used, left, strict=True), strict=True)) == {order: (0, set()) for order in orders}


async def test_in_whatever_order_they_come_what_does_not_fit_leaves_nothing(
    api: Api, bucket: Bucket, broker: Broker, stack: Stack
) -> None:
    orders = orders_of("NNC")
    scenes = await asyncio.gather(*(set_scene(api, bucket, broker, limit_bytes=SIZE - 1) for _ in orders))
    assert await _act_all(scenes, orders) == {order: expected(order, 413) for order in orders}
    await assert_clean(stack.info)
    for scene in scenes:
        assert (await scene.user.used_bytes(), await bucket.of(scene.user.user_id)) == (0, set())


async def test_each_order_is_decided_once_and_its_decisions_are_said_once(
    api: Api, bucket: Bucket, broker: Broker, stack: Stack
) -> None:
    scene = await set_scene(api, bucket, broker)
    assert await scene.act("N") == [0]
    await eventually(_status(scene), becomes="uploaded")  # a confirm that knows of no decision is answered with one
    assert await scene.act("CNCD") == [200, 0, 200, 204]
    await assert_clean(stack.info)
    said = await broker.events_at_rest(topics.QUOTA, scene.upload.document_id, 2)
    assert [each.event.type for each in said] == [QuotaReserved.type, QuotaReleased.type]
    assert len({each.id for each in said}) == 2


async def test_who_confirms_before_he_has_heard_is_answered_with_what_was_decided_and_nothing_is_decided_twice(
    api: Api, bucket: Bucket, broker: Broker, stack: Stack
) -> None:
    scene = await set_scene(api, bucket, broker)
    assert [*await asyncio.gather(scene.notify(), scene.confirm()), await scene.delete()] == [0, 200, 204]
    await assert_clean(stack.info)
    said = await broker.events_at_rest(topics.QUOTA, scene.upload.document_id, 2)
    decided = dict.fromkeys((each.id, each.event.type) for each in said)  # the answer has the decision's own id
    assert [kind for _, kind in decided] == [QuotaReserved.type, QuotaReleased.type]


async def test_a_confirm_during_the_notification_is_answered_alike(api: Api, bucket: Bucket, broker: Broker) -> None:
    scenes = await asyncio.gather(*(set_scene(api, bucket, broker) for _ in range(24)))
    steps = [step() for scene in scenes for step in (scene.notify, scene.confirm)]
    statuses = await asyncio.gather(*steps)
    assert statuses[1::2] == [200] * 24
    assert await asyncio.gather(*(scene.user.used_bytes() for scene in scenes)) == [SIZE] * 24


async def test_all_three_at_once_end_with_nothing(api: Api, bucket: Bucket, broker: Broker, stack: Stack) -> None:
    scenes = await asyncio.gather(*(set_scene(api, bucket, broker) for _ in range(24)))
    steps = [step() for scene in scenes for step in (scene.notify, scene.confirm, scene.delete)]
    statuses = await asyncio.gather(*steps)
    assert set(statuses[1::3]) <= {200, 404}
    assert statuses[2::3] == [204] * 24
    await assert_clean(stack.info)
    assert await asyncio.gather(*(scene.user.used_bytes() for scene in scenes)) == [0] * 24


async def test_a_late_notification_of_replaced_bytes_changes_nothing(api: Api, bucket: Bucket, broker: Broker) -> None:
    scene = await set_scene(api, bucket, broker)
    assert await scene.user.put(scene.upload, b"y" * 3000) == 200
    assert await scene.confirm() == 200
    await scene.notify()  # of the first bytes
    assert await scene.user.used_bytes() == 3000
    assert await scene.confirm() == 200


async def test_a_removal_older_than_the_bytes_releases_nothing(api: Api, bucket: Bucket, broker: Broker) -> None:
    scene = await set_scene(api, bucket, broker)
    assert await scene.confirm() == 200
    old = removed(bucket.name, scene.seen.key, scene.seen.modified_ns - 1_000_000)
    await broker.heard("quota", await broker.notify(bucket.name, scene.seen.key, old))
    assert await scene.user.used_bytes() == SIZE
    assert await scene.user.status_of(scene.upload) == "uploaded"


def _status(scene: Scene) -> Callable[[], Awaitable[str | int]]:
    async def look() -> str | int:
        return await scene.user.status_of(scene.upload)

    return look
