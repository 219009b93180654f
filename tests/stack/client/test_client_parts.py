"""Large files, in parts: cut off, gone on with, changed in between."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from filecmp import cmp
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from docuvault_client import DocuvaultClient, Journal, Patience, Progress, QuotaExceeded, SourceChanged, Unavailable

from tests.stack.client.conftest import NewClient
from tests.stack.conftest import NewUser, User
from tests.stack.support.relay import After, LoseAnswer, Refuse, Relay

MIB = 1024 * 1024
FIRST_PART = 16 * MIB
IMPATIENT = Patience(tries=1)
Again = Callable[..., Awaitable[DocuvaultClient]]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


@pytest.fixture
async def user(new_user: NewUser) -> User:
    return await new_user()


def notes(journal: Journal) -> list[Path]:
    folder = journal._folder  # noqa: SLF001 - what is left in it
    return sorted(folder.iterdir()) if folder.exists() else []


async def cut_off(client: DocuvaultClient, relay: Relay, path: Path) -> None:
    """The first part arrives; of the second a piece does, then all is cut and nobody tries again."""
    halted = asyncio.Event()

    def halt() -> bool:
        halted.set()
        return False

    relay.orders.extend([After(FIRST_PART + 10_000_000, halt)] * 4)
    with pytest.raises(Unavailable):
        await client.upload(path)
    relay.orders.clear()
    assert halted.is_set()


async def is_stored(client: DocuvaultClient, document_id: UUID, path: Path) -> None:
    """Byte for byte."""
    there = await client.download(document_id, path.with_name("there"))
    assert await asyncio.to_thread(cmp, there, path, shallow=False)


def rewrite(path: Path, later: int) -> None:
    """Other bytes, of a time so many seconds later."""
    was = path.stat()
    with path.open("r+b") as file:
        file.write(b"other bytes")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns + later * 10**9))


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docuvault_client.client.PARALLEL", 1)


@pytest.fixture
def again(new_client: NewClient, journal: Journal, user: User) -> Again:
    """Clients that go on with what the journal has, of the same user where no other is named."""

    async def make(other: User | None = None, **options: Any) -> DocuvaultClient:
        return await new_client(other or user, journal=journal, parts_from=5 * MIB, **options)

    return make


@pytest.fixture
async def half(again: Again, relay: Relay, large: Path) -> Path:
    """The large file, of which the first part is stored."""
    await cut_off(await again(patience=IMPATIENT), relay, large)
    return large


async def test_parts_go_side_by_side_through_a_store_that_fails(
    new_client: NewClient, relay: Relay, large: Path, journal: Journal
) -> None:
    client = await new_client(journal=journal, parts_from=5 * MIB)
    relay.orders.extend([Refuse(503), After(3 * MIB), LoseAnswer()])
    seen: list[Progress] = []
    document = await client.upload(large, seen.append)
    assert document.size_bytes == seen[-1].sent_bytes == 40 * MIB
    await is_stored(client, document.id, large)
    assert ((await client.quota()).used_bytes, notes(journal)) == (40 * MIB, [])


@pytest.mark.usefixtures("one_at_a_time")
async def test_an_interrupted_upload_goes_on_where_it_was(
    half: Path, again: Again, relay: Relay, journal: Journal
) -> None:
    [note] = notes(journal)
    assert note.stat().st_mode & 0o777 == 0o600
    client, before = await again(), relay.passed
    document = await client.upload(half)
    assert relay.passed - before < 25 * MIB
    await is_stored(client, document.id, half)
    assert ([each.id async for each in client.documents()], notes(journal)) == ([document.id], [])


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("later", [0, 1], ids=["time set back", "newer"])
async def test_of_a_file_that_was_changed_in_between_no_old_part_is_used(half: Path, again: Again, later: int) -> None:
    large = half
    rewrite(large, later)
    client = await again()
    document = await client.upload(large)
    await is_stored(client, document.id, large)


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("of", ["unknown", "another user's", "aborted"])
async def test_what_is_remembered_and_gone_is_begun_anew(
    half: Path, again: Again, new_user: NewUser, journal: Journal, of: str
) -> None:
    client = await again(await new_user()) if of == "another user's" else await again()
    if of == "unknown":
        notes(journal)[0].write_text("{}")
    elif of == "aborted":
        for document in [each async for each in client.documents()]:
            await client.delete(document.id)
    assert (await client.upload(half)).size_bytes == 40 * MIB
    assert (await client.quota()).used_bytes == 40 * MIB


@pytest.mark.usefixtures("one_at_a_time")
async def test_one_that_was_completed_and_not_confirmed_is_confirmed(
    new_client: NewClient, large: Path, journal: Journal, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await new_client(user, journal=journal, parts_from=5 * MIB)
    monkeypatch.setattr(journal, "forget", lambda _, __: None)  # as of a process that was killed
    first = await client.upload(large)
    assert (await client.upload(large)).id == first.id
    assert (await client.quota()).used_bytes == 40 * MIB


async def test_a_file_that_changes_while_its_parts_are_sent_is_none(
    new_client: NewClient, relay: Relay, large: Path, journal: Journal
) -> None:
    client = await new_client(journal=journal, parts_from=5 * MIB)

    def change() -> bool:
        with large.open("ab") as file:
            file.write(b"more")
        return True

    relay.orders.append(After(MIB, change))
    with pytest.raises(SourceChanged):
        await client.upload(large)
    assert ([each async for each in client.documents()], notes(journal)) == ([], [])


@pytest.mark.usefixtures("one_at_a_time")
async def test_a_cancelled_upload_is_gone_on_with(
    new_client: NewClient, relay: Relay, large: Path, journal: Journal, user: User
) -> None:
    client, halted = await new_client(user, journal=journal, parts_from=5 * MIB), asyncio.Event()

    def halt() -> bool:
        halted.set()
        return True

    relay.orders.append(After(FIRST_PART + MIB, halt))
    task = asyncio.create_task(client.upload(large))
    await halted.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    before = relay.passed
    assert (await client.upload(large)).size_bytes == 40 * MIB
    assert relay.passed - before < 30 * MIB


async def test_a_large_file_that_does_not_fit_is_refused_before_a_part_is_sent(
    new_client: NewClient, new_user: NewUser, relay: Relay, large: Path, journal: Journal
) -> None:
    client = await new_client(await new_user(limit_bytes=30 * MIB), journal=journal, parts_from=5 * MIB)
    with pytest.raises(QuotaExceeded) as raised:
        await client.upload(large)
    assert (raised.value.detail.over_by_bytes, relay.passed, notes(journal)) == (10 * MIB, 0, [])
