from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID, uuid4

import pytest

from services.chassis.errors import Transient
from services.upload.document import Document
from services.upload.waiters import Limit, Waiters, until
from tests.unit.upload_facts import DOCUMENT, pending, uploaded

ONE, OTHER = UUID(int=1), UUID(int=2)


def limit(seconds: float = 5.0, poll: float = 5.0, *, given_up: bool = False) -> Limit:
    return Limit(asyncio.get_running_loop().time() + seconds, poll, lambda: given_up)


async def test_a_ring_before_the_wait_is_kept() -> None:
    waiters = Waiters()
    with waiters.watch(ONE) as watch:
        waiters.wake([ONE])
        assert await watch.changed(5)
        assert not await watch.changed(0.01)


async def test_a_ring_reaches_all_who_wait_for_the_document_and_nobody_else() -> None:
    waiters = Waiters()
    with waiters.watch(ONE) as first, waiters.watch(ONE) as second, waiters.watch(OTHER) as other:
        waiters.wake([ONE, uuid4()])
        assert await first.changed(5)
        assert await second.changed(5)
        assert not await other.changed(0.01)


async def test_waking_all_reaches_everybody() -> None:
    waiters = Waiters()
    with waiters.watch(ONE) as first, waiters.watch(OTHER) as other:
        waiters.wake_all()
        assert await first.changed(5)
        assert await other.changed(5)


async def test_a_watch_leaves_nothing_behind_however_it_ends() -> None:
    waiters = Waiters()

    async def wait() -> None:
        with waiters.watch(ONE) as watch:
            await watch.changed(60)

    tasks = [asyncio.create_task(wait()) for _ in range(64)]
    await asyncio.sleep(0)
    assert len(waiters) == 64
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(waiters) == 0
    waiters.wake([ONE])


async def test_what_is_waited_for_is_read_after_each_ring() -> None:
    waiters, versions = Waiters(), iter([1, 2, 3])

    async def read() -> Document | None:
        waiters.wake([DOCUMENT])
        return pending(version=next(versions))

    with waiters.watch(DOCUMENT) as watch:
        waiters.wake([DOCUMENT])
        assert await until(watch, read, lambda found: found.version == 3, limit()) == pending(version=3)


async def unreadable() -> Document | None:
    raise AssertionError("it was read")


async def test_what_is_committed_here_is_brought_and_not_read() -> None:
    waiters = Waiters()
    with waiters.watch(DOCUMENT) as watch:
        with waiters.telling({DOCUMENT}) as tell:
            waiters.wake([DOCUMENT])  # the listener, which hears of the commit before its statement returns
            assert not await watch.changed(0.01)
            tell([uploaded()])
        assert await until(watch, unreadable, lambda _: True, limit()) == uploaded()


async def test_others_hear_of_their_documents_while_some_are_written_here() -> None:
    waiters = Waiters()
    with waiters.watch(OTHER) as watch, waiters.telling({DOCUMENT}):
        waiters.wake([DOCUMENT, OTHER])
        assert await watch.changed(5)


def test_what_a_waiter_has_read_is_known_as_long_as_it_waits() -> None:
    waiters = Waiters()
    with waiters.watch(DOCUMENT) as watch, waiters.watch(OTHER):
        assert waiters.known({DOCUMENT, OTHER}) == []
        watch.document = pending()
        assert waiters.known({DOCUMENT, OTHER, ONE}) == [pending()]
    assert waiters.known({DOCUMENT}) == []


@pytest.mark.parametrize("failed", [True, False])
async def test_who_is_not_brought_anything_reads(failed: bool) -> None:  # noqa: FBT001
    waiters = Waiters()

    async def read() -> Document | None:
        return uploaded()

    with waiters.watch(DOCUMENT) as watch:
        with suppress(Transient), waiters.telling({DOCUMENT}) as tell:
            tell([])
            if failed:  # and yet, it may be committed
                raise Transient
        async with asyncio.timeout(5):
            assert await until(watch, read, lambda _: True, limit(60, 60)) == uploaded()


async def test_after_two_rings_the_row_is_read_since_either_may_be_about_the_newer_commit() -> None:
    waiters = Waiters()

    async def read() -> Document | None:
        return pending(version=2)

    with waiters.watch(DOCUMENT) as watch:
        waiters.wake([DOCUMENT])
        with waiters.telling({DOCUMENT}) as tell:
            tell([uploaded()])
        assert await until(watch, read, lambda _: True, limit()) == pending(version=2)


async def test_a_lost_wake_up_costs_one_poll() -> None:
    async def read() -> Document | None:
        return pending()

    with Waiters().watch(ONE) as watch:
        async with asyncio.timeout(2):
            assert await until(watch, read, lambda _: True, limit(poll=0.01)) == pending()


@pytest.mark.parametrize("given_up", [True, False])
async def test_a_wait_ends_at_its_deadline_or_once_its_client_gave_up(given_up: bool) -> None:  # noqa: FBT001
    async def read() -> Document | None:
        return pending()

    with Waiters().watch(ONE) as watch:
        async with asyncio.timeout(2):
            seconds = 60 if given_up else 0.05
            assert await until(watch, read, lambda _: False, limit(seconds, 0.01, given_up=given_up)) is None


async def test_a_wait_for_what_is_no_more_ends() -> None:
    async def read() -> Document | None:
        return None

    with Waiters().watch(ONE) as watch:
        async with asyncio.timeout(2):
            assert await until(watch, read, lambda _: False, limit(60, 0.01)) is None
