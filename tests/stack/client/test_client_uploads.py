"""Uploads by the client package, with a store that fails, connections that are cut and files that change."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from filecmp import cmp
from pathlib import Path
from uuid import uuid4

import pytest
from docuvault_client import (
    Bytes,
    DocuvaultClient,
    File,
    Invalid,
    NotFound,
    Progress,
    QuotaExceeded,
    SourceChanged,
    SourceUnreadable,
    Step,
    StoreRefused,
    Stream,
    Unauthorized,
    Unavailable,
)

from deploy.local.stack import Stack
from services.chassis.auth import create_access_token
from tests.faults.support.toxiproxy import FaultProxy
from tests.stack.client.conftest import QUICK, NewClient
from tests.stack.conftest import NewUser
from tests.stack.support.api import token_settings
from tests.stack.support.relay import After, LoseAnswer, Refuse, Relay, relaying

MIB = 1024 * 1024


async def names(client: DocuvaultClient) -> list[str]:
    return [document.filename async for document in client.documents()]


async def used(client: DocuvaultClient) -> int:
    return (await client.quota()).used_bytes


async def test_a_file_is_stored_in_three_steps_and_fetched_again(new_client: NewClient, tmp_path: Path) -> None:
    client = await new_client()
    (tmp_path / "a.txt").write_bytes(b"hello " * 40_000)
    seen: list[Progress] = []
    document = await client.upload(tmp_path / "a.txt", seen.append)
    assert (document.filename, document.content_type, document.size_bytes) == ("a.txt", "text/plain", 240_000)
    assert list(dict.fromkeys(at.step for at in seen)) == [Step.ASKING, Step.SENDING, Step.DECIDING, Step.DONE]
    assert (seen[-1].sent_bytes, seen[-1].total_bytes) == (240_000, 240_000)
    assert (await client.get(document.id), await names(client), await used(client)) == (document, ["a.txt"], 240_000)
    there = await client.download(document.id, tmp_path / "b.txt")
    assert there.read_bytes() == (tmp_path / "a.txt").read_bytes()
    await client.delete(document.id)
    with pytest.raises(NotFound):
        await client.delete(document.id)
    assert (await names(client), await used(client)) == ([], 0)


async def test_an_empty_file_is_stored(new_client: NewClient, tmp_path: Path) -> None:
    client = await new_client()
    (tmp_path / "empty").touch()
    document = await client.upload(tmp_path / "empty")
    assert (document.size_bytes, document.content_type) == (0, "application/octet-stream")
    assert (await client.download(document.id, tmp_path / "there")).read_bytes() == b""


async def test_a_store_that_refuses_twice_gets_the_bytes_at_the_third_try(
    new_client: NewClient, relay: Relay, large: Path
) -> None:
    client = await new_client()
    relay.orders.extend([Refuse(503), Refuse(500)])
    seen: list[Progress] = []
    document = await client.upload(large, seen.append)
    assert document.size_bytes == seen[-1].sent_bytes == 40 * MIB
    assert (await names(client), await used(client)) == (["film.bin"], 40 * MIB)


async def test_a_connection_that_is_cut_in_mid_put_is_made_anew(
    new_client: NewClient, relay: Relay, large: Path
) -> None:
    client = await new_client()
    relay.orders.extend([After(10 * MIB), After(30 * MIB)])
    seen: list[Progress] = []
    document = await client.upload(large, seen.append)
    assert document.size_bytes == seen[-1].sent_bytes == 40 * MIB
    assert max(at.sent_bytes for at in seen) == 40 * MIB
    assert await used(client) == 40 * MIB


async def test_a_put_whose_answer_was_lost_is_charged_once(new_client: NewClient, relay: Relay) -> None:
    client = await new_client()
    relay.orders.append(LoseAnswer())
    document = await client.upload(Bytes(b"x" * 1000, "a.bin"))
    assert relay.connections == 2
    assert (document.size_bytes, await used(client), await names(client)) == (1000, 1000, ["a.bin"])


async def test_an_answer_of_the_api_that_was_lost_makes_no_second_document(
    new_client: NewClient, new_user: NewUser, stack: Stack
) -> None:
    async with relaying(int(stack.info.gateway_url.rpartition(":")[2])) as way:
        client = await new_client(await new_user(), base_url=f"http://127.0.0.1:{way.port}")
        way.orders.append(LoseAnswer())
        document = await client.upload(Bytes(b"x" * 10, "a.bin"))
        assert way.connections == 2
        assert [each.id async for each in client.documents()] == [document.id]
        way.orders.append(LoseAnswer())
        way.cut()
        await client.delete(document.id)
        assert await names(client) == []


async def test_what_the_store_refuses_for_good_is_told_and_leaves_no_document(
    new_client: NewClient, relay: Relay
) -> None:
    client = await new_client()
    relay.orders.append(Refuse(403))
    with pytest.raises(StoreRefused, match="403"):
        await client.upload(Bytes(b"x", "a.bin"))
    relay.orders.extend([Refuse(503)] * QUICK.tries)
    with pytest.raises(Unavailable, match="the store is away: 503"):
        await client.upload(Bytes(b"x", "a.bin"))
    assert await names(client) == []


def change(path: Path, data: bytes) -> bool:
    with path.open("ab") as file:
        file.write(data)
    return True


def shorten(path: Path) -> bool:
    os.truncate(path, 20 * MIB)
    return True


def vanish(path: Path) -> bool:
    path.unlink()
    return True


@pytest.mark.parametrize("how", [lambda path: change(path, b"more"), shorten], ids=["grows", "shrinks"])
async def test_of_a_file_that_changes_while_it_is_sent_no_document_is_made(
    new_client: NewClient, relay: Relay, large: Path, how: object
) -> None:
    client = await new_client()
    assert callable(how)
    relay.orders.append(After(MIB, lambda: how(large)))
    with pytest.raises(SourceChanged):
        await client.upload(large)
    assert (await names(client), await used(client)) == ([], 0)


async def test_a_file_that_is_renamed_away_while_it_is_sent_is_stored_as_it_was(
    new_client: NewClient, relay: Relay, large: Path
) -> None:
    client = await new_client()
    relay.orders.extend([After(MIB, lambda: vanish(large)), After(2 * MIB)])
    assert (await client.upload(large)).size_bytes == 40 * MIB
    with pytest.raises(SourceUnreadable, match="No such file or directory"):
        await client.upload(large)


async def test_what_is_no_regular_file_is_not_waited_for(new_client: NewClient, tmp_path: Path) -> None:
    client = await new_client()
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(SourceUnreadable, match="no regular file"):
            await client.upload(path)


@pytest.mark.parametrize("name", ["a\nb.txt", "a\x1b[31m.txt", "a\udcff.txt"])
async def test_a_name_that_cannot_be_stored_is_told_before_anything_is_asked(
    new_client: NewClient, tmp_path: Path, name: str
) -> None:
    client = await new_client()
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(Invalid, match="its name cannot be stored: character 1 is a"):
        await client.upload(tmp_path / name)
    assert (await client.upload(File(tmp_path / name, name="better.txt"))).filename == "better.txt"


async def test_a_token_that_expired_is_told_as_such(new_client: NewClient, stack: Stack) -> None:
    token = create_access_token(uuid4(), "user", token_settings(stack.info), expires_in=timedelta(seconds=-60))
    client = await new_client(token=token)
    with pytest.raises(Unauthorized):
        await client.upload(Bytes(b"x", "a.bin"))
    outcomes = await client.upload_many([Bytes(b"x", "a.bin"), Bytes(b"y", "b.bin")], parallel=1)
    assert [type(each.error) for each in outcomes] == [Unauthorized, Unauthorized]


async def test_of_three_files_the_one_that_does_not_fit_takes_nothing_from_the_others(
    new_client: NewClient, new_user: NewUser
) -> None:
    client = await new_client(await new_user(limit_bytes=1000))
    sources = [Bytes(b"x" * size, f"{size}.bin") for size in (400, 1200, 600)]
    first, second, third = await client.upload_many(sources)
    assert (first.document is not None, third.document is not None) == (True, True)
    assert isinstance(second.error, QuotaExceeded)
    detail = second.error.detail
    assert (detail.rejected_bytes, detail.limit_bytes) == (1200, 1000)
    assert detail.over_by_bytes == detail.used_bytes + 200
    assert await used(client) == 1000


async def test_an_api_that_is_away_is_told_after_all_tries(new_client: NewClient, stack: Stack) -> None:
    client = await new_client()
    async with FaultProxy(stack.info.fault_proxy_url, "clients_gateway").away():
        with pytest.raises(Unavailable, match="the API is away: "):
            await client.upload(Bytes(b"x", "a.bin"))
    assert (await client.upload(Bytes(b"x", "a.bin"))).size_bytes == 1


def in_folder(path: Path) -> list[str]:
    return sorted(each.name for each in path.iterdir())


async def test_a_download_that_is_cut_goes_on_where_it_was(new_client: NewClient, relay: Relay, large: Path) -> None:
    client = await new_client()
    document = await client.upload(large)
    relay.cut()
    relay.orders.extend([LoseAnswer(10 * MIB), LoseAnswer(25 * MIB)])
    there = await client.download(document.id, large.with_name("there"))
    assert await asyncio.to_thread(cmp, there, large, shallow=False)
    assert relay.connections == 4
    assert in_folder(large.parent) == ["film.bin", "there"]


async def test_a_download_that_comes_to_nothing_leaves_what_was_there(new_client: NewClient, tmp_path: Path) -> None:
    client, stranger = await new_client(), await new_client()
    document = await client.upload(Bytes(b"theirs", "a.bin"))
    (tmp_path / "a.bin").write_bytes(b"mine")
    with pytest.raises(NotFound):
        await stranger.download(document.id, tmp_path / "a.bin")
    assert ((tmp_path / "a.bin").read_bytes(), in_folder(tmp_path)) == (b"mine", ["a.bin"])


async def pieces(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size


async def test_a_stream_is_stored_where_it_has_as_many_bytes_as_were_told(new_client: NewClient, relay: Relay) -> None:
    client = await new_client()
    assert (await client.upload(Stream(pieces(3, 4), 7, "a.bin"))).size_bytes == 7
    with pytest.raises(SourceChanged, match="ended 1 bytes before the 8"):
        await client.upload(Stream(pieces(3, 4), 8, "a.bin"))
    with pytest.raises(SourceChanged, match="more than the 6 bytes"):
        await client.upload(Stream(pieces(3, 4), 6, "a.bin"))
    relay.orders.append(Refuse(503))
    with pytest.raises(Unavailable):
        await client.upload(Stream(pieces(3, 4), 7, "b.bin"))
    assert await names(client) == ["a.bin"]
