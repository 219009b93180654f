"""Who waits on one replica is woken by what another committed, also after the listening connection was lost."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from services.upload.messages import document_deleted
from tests.stack.upload_replicas import TRACE, Replica, reserved


async def test_a_decision_on_one_replica_wakes_who_waits_on_another(replicas: list[Replica]) -> None:
    one, other = replicas
    document = await one.make()
    async with other.listening():
        with other.waiters.watch(document.id) as watch:
            await one.hear(reserved(document))
            assert await watch.changed(5)
        assert (await other.row(document)).version == 1


async def test_a_batch_of_hundreds_wakes_every_waiter_on_every_replica(replicas: list[Replica]) -> None:
    documents = [await replicas[0].make() for _ in range(450)]
    async with AsyncExitStack() as exits:
        for replica in replicas:
            await exits.enter_async_context(replica.listening())
        watches = [
            exits.enter_context(replica.waiters.watch(document.id)) for replica in replicas for document in documents
        ]
        await replicas[0].hear(*(reserved(document) for document in documents))
        assert all(await asyncio.gather(*(watch.changed(10) for watch in watches)))


async def test_nobody_is_woken_before_the_row_is_there(replicas: list[Replica]) -> None:
    one, other = replicas
    async with other.listening():
        for _ in range(30):
            document = await one.make()
            with other.waiters.watch(document.id) as watch:
                hearing = asyncio.create_task(one.hear(reserved(document)))
                assert await watch.changed(5)
                assert (await other.row(document)).version == 1
                await hearing


async def test_a_delete_wakes_who_waits_for_the_document(replicas: list[Replica]) -> None:
    one, other = replicas
    document = await one.make()
    async with other.listening():
        with other.waiters.watch(document.id) as watch:
            await one.documents.delete(document, document_deleted(document, datetime.now(UTC), TRACE))
            assert await watch.changed(5)


async def test_what_changes_nothing_wakes_nobody(replicas: list[Replica]) -> None:
    one, other = replicas
    document = await one.make()
    await one.hear(reserved(document))
    async with other.listening():
        with other.waiters.watch(document.id) as watch:
            await one.hear(reserved(document))
            assert not await watch.changed(0.2)


async def test_a_lost_listening_connection_is_replaced_and_everybody_looks_again(replicas: list[Replica]) -> None:
    one, other = replicas
    document = await one.make()
    async with other.listening():
        with other.waiters.watch(document.id) as watch:
            for version in (1, 2, 3):
                assert await cut_listeners(one) == 1
                assert await watch.changed(10)  # by the new connection: something may have been missed
                await one.hear(reserved(document, version))
                assert await watch.changed(5)


async def test_a_listener_that_stops_leaves_no_connection(replicas: list[Replica]) -> None:
    async with replicas[1].listening():
        pass
    assert await cut_listeners(replicas[0]) == 0


async def test_nonsense_on_the_channel_harms_nobody(replicas: list[Replica]) -> None:
    one, other = replicas
    document = await one.make()
    async with other.listening():
        with other.waiters.watch(document.id) as watch:
            await one.pool.execute("SELECT pg_notify('documents', 'nonsense')")
            assert await watch.changed(5)
            await one.hear(reserved(document))
            assert await watch.changed(5)


async def cut_listeners(replica: Replica) -> int:
    """Ends every connection whose last statement was a LISTEN or the listener's check; how many there were."""
    cut = await replica.pool.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    return len(cut)
