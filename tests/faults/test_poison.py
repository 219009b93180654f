"""Records that nobody can understand, among good ones: kept aside with the reason and where they came from."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from aiokafka.structs import ConsumerRecord
from docuvault_contracts import topics

from tests.faults.support import poison
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.poison import READERS, Placed
from tests.faults.support.site import Site
from tests.faults.support.wire import Raw, Wire, open_wire
from tests.stack.support.api import Client, Upload
from tests.stack.support.notifications import created
from tests.stack.support.waiting import eventually

BIG_METADATA = "m" * poison.MEGABYTE


async def test_bad_notifications_are_dead_lettered_one_by_one_and_the_good_ones_between_them_are_decided(
    site: Site,
) -> None:
    user = await site.api.user()
    async with site.bucket.silent():
        uploads = [await user.put_new(b"known by our own records") for _ in range(20)]
        goods = [Raw(topics.STORAGE_EVENTS.name, await _notification(site, each)) for each in uploads]
        bads = poison.notifications(goods[0].value or b"", site.bucket.name)
        async with open_wire(site.info) as wire:
            placed = await _mix(wire, bads, goods)
            await _assert_buried(wire, topics.STORAGE_EVENTS.name, placed)
        await _assert_decided(user, uploads)
    await assert_at_rest(site)


@pytest.mark.parametrize("topic", [topics.DOCUMENTS.name, topics.QUOTA.name])
async def test_bad_events_are_dead_lettered_by_every_group_that_wants_them_and_the_rest_is_decided(
    topic: str, site: Site
) -> None:
    user = await site.api.user()
    async with open_wire(site.info) as wire:
        placed = await _mix(wire, poison.events(topic), [])
        uploads = [await user.store(b"after all that") for _ in range(12)]
        gone = [await user.store(b"to be deleted") for _ in range(12)]
        for each in gone:
            assert (await user.delete(each.document_id)).status == 204
        await _assert_buried(wire, topic, placed)
    await _assert_decided(user, uploads)
    await assert_at_rest(site)


async def test_a_good_notification_of_a_megabyte_is_decided(site: Site) -> None:
    user = await site.api.user()
    async with site.bucket.silent(), open_wire(site.info) as wire:
        upload = await user.put_new(b"with much said about it")
        small = await _notification(site, upload)
        big = small.replace(b'"userMetadata": {', b'"userMetadata": {"X-Amz-Meta-Note": "%b", ' % BIG_METADATA.encode())
        assert len(big) > poison.MEGABYTE
        await wire.write([Raw(topics.STORAGE_EVENTS.name, big)], 0)
        await _assert_decided(user, [upload])
    await assert_at_rest(site)


async def _notification(site: Site, upload: Upload) -> bytes:
    return created(site.bucket.name, await site.bucket.look(upload.key))


async def _mix(wire: Wire, bads: Sequence[Raw], goods: Sequence[Raw]) -> list[Placed]:
    """Writes bad and good ones by turns, to every partition; where the bad ones are."""
    placed: list[Placed] = []
    partitions = await wire.partitions(bads[0].topic)
    for at, partition in enumerate(partitions):
        mine = goods[at :: len(partitions)]
        for number, bad in enumerate(bads):
            offsets = await wire.write([bad, *mine[number : number + 1]], partition.partition)
            placed.append(Placed(bad, partition.partition, offsets[0]))
    return placed


async def _assert_buried(wire: Wire, topic: str, placed: Sequence[Placed]) -> None:
    """Each bad record lies in the dead letters of every reader once, as it was."""
    for group in READERS[topic]:
        await eventually(lambda group=group: wire.unread(group, [topic]), becomes=0)  # type: ignore[misc]
        letters = [each for each in await _letters(wire, group) if _origin(each)[0] == topic]
        wanted = {(topic, each.partition, each.offset): each.raw for each in placed}
        found = {_origin(each): each for each in letters if _origin(each) in wanted}
        assert found.keys() == wanted.keys()
        assert len([each for each in letters if _origin(each) in wanted]) == len(wanted)
        for origin, letter in found.items():
            _assert_whole(letter, wanted[origin], group)


def _assert_whole(letter: ConsumerRecord[bytes, bytes], raw: Raw, group: str) -> None:
    headers = dict(letter.headers)
    assert headers["dlq_group"] == group.encode()
    assert headers["dlq_reason"].strip(), headers
    assert headers["dlq_cause"] == b"invalid", headers
    assert letter.value == (raw.value or b"")
    assert ("value" in headers.get("dlq_null", b"").decode()) == (raw.value is None)
    assert (letter.key or b"") == (raw.key or b"")
    originals = [(name, value or b"") for name, value in raw.headers]
    assert [each for each in letter.headers if not each[0].startswith("dlq_")] == originals


async def _letters(wire: Wire, group: str) -> list[ConsumerRecord[bytes, bytes]]:
    return await wire.read(topics.dead_letter_topic(group).name)


def _origin(letter: ConsumerRecord[bytes, bytes]) -> tuple[str, int, int]:
    headers = dict(letter.headers)
    return headers["dlq_topic"].decode(), int(headers["dlq_partition"]), int(headers["dlq_offset"])


async def _assert_decided(user: Client, uploads: Sequence[Upload]) -> None:
    for each in uploads:
        await eventually(lambda each=each: user.status_of(each), becomes="uploaded")  # type: ignore[misc]
