"""Many small files by the client package: how many requests they take, and what goes wrong with one of a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from docuvault_client import Bytes, DocuvaultClient, File, QuotaExceeded, SourceUnreadable, Unauthorized, Unavailable

from deploy.local.stack import Stack
from tests.stack.client.conftest import QUICK, NewClient
from tests.stack.conftest import NewUser
from tests.stack.support.relay import LoseAnswer, Refuse, relaying

URL, URLS = "POST upload-url", "POST upload-urls"
AGAIN = 5
"""Files of 200 whose PUT a busy machine may have cut off: each is signed once more, by itself."""
Counted = Callable[..., Awaitable[tuple[DocuvaultClient, Counter[str]]]]


@pytest.fixture
async def counted(new_client: NewClient) -> AsyncIterator[Counted]:
    """Makes a client, and the count of the requests it sends, by method and the path's last part."""
    requests: Counter[str] = Counter()

    async def count(_: aiohttp.ClientSession, __: SimpleNamespace, sent: aiohttp.TraceRequestStartParams) -> None:
        requests[f"{sent.method} {sent.url.path.rpartition('/')[2]}"] += 1

    tracing = aiohttp.TraceConfig()
    tracing.on_request_start.append(count)
    async with aiohttp.ClientSession(trace_configs=[tracing]) as session:

        async def make(**options: Any) -> tuple[DocuvaultClient, Counter[str]]:
            return await new_client(session=session, **options), requests

        yield make


async def names(client: DocuvaultClient) -> list[str]:
    return [document.filename async for document in client.documents(sort="name")]


async def test_two_hundred_small_files_are_asked_for_by_two_requests(counted: Counted, tmp_path: Path) -> None:
    client, requests = await counted()
    paths = [tmp_path / f"{number:03}.txt" for number in range(200)]
    for number, path in enumerate(paths):
        path.write_bytes(b"x" * number)
    outcomes = await client.upload_many(paths, parallel=8)
    assert [each.document.size_bytes for each in outcomes if each.document] == list(range(200))
    assert requests[URLS] == 2
    assert requests[URL] <= AGAIN
    assert 200 <= requests["POST confirm"] <= 200 + AGAIN
    assert await names(client) == [path.name for path in paths]


async def test_one_file_is_asked_for_alone_and_large_ones_go_their_own_way(counted: Counted) -> None:
    client, requests = await counted(parts_from=6 * 1024**2)
    large = Bytes(b"x" * 6 * 1024**2, "large")
    assert all(each.document for each in await client.upload_many([Bytes(b"x", "a")]))
    assert all(each.document for each in await client.upload_many([large, Bytes(b"x", "b"), large, Bytes(b"x", "c")]))
    assert (requests[URLS], requests[URL], requests["POST multipart"]) == (1, 1, 2)


async def test_urls_are_asked_for_as_the_bytes_before_them_are_on_their_way(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("docuvault_client.batches.MOST_BYTES", 1000)
    client, requests = await counted()
    outcomes = await client.upload_many([Bytes(b"x" * 400, f"{number}") for number in range(6)], parallel=1)
    assert all(each.document for each in outcomes)
    assert (requests[URLS], requests[URL]) == (3, 0)


async def test_what_does_not_fit_is_told_of_each_file_and_the_others_are_stored(
    counted: Counted, new_user: NewUser
) -> None:
    client, requests = await counted(user=await new_user(limit_bytes=100))
    outcomes = await client.upload_many([Bytes(b"x" * size, f"{size}") for size in (60, 70, 30, 90)], parallel=2)
    assert [each.document is not None for each in outcomes] == [True, False, True, False]
    refused = [each.error for each in outcomes if each.error]
    assert [each.detail.rejected_bytes for each in refused if isinstance(each, QuotaExceeded)] == [70, 90]
    assert (requests[URLS], requests[URL]) == (1, 0)
    assert await names(client) == ["30", "60"]


async def test_a_file_that_has_another_size_when_its_turn_comes_is_asked_for_again(
    counted: Counted, tmp_path: Path
) -> None:
    client, requests = await counted()
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_bytes(b"x")
    second.write_bytes(b"x")

    def grow(*_: object) -> None:
        second.write_bytes(b"longer")

    outcomes = await client.upload_many([first, second], parallel=1, done=grow)
    assert [each.document.size_bytes for each in outcomes if each.document] == [1, 6]
    assert (requests[URLS], requests[URL]) == (1, 1)
    assert await names(client) == ["1", "2"]


async def test_a_file_that_is_gone_when_its_turn_comes_leaves_no_document(counted: Counted, tmp_path: Path) -> None:
    client, _ = await counted()
    paths = [tmp_path / name for name in "123"]
    for path in paths:
        path.write_bytes(b"x")

    def remove(*_: object) -> None:
        paths[1].unlink(missing_ok=True)

    outcomes = await client.upload_many(paths, parallel=1, done=remove)
    assert isinstance(outcomes[1].error, SourceUnreadable)
    assert await names(client) == ["1", "3"]


async def test_a_url_that_ends_soon_is_not_begun_with(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        """A quarter of an hour from now."""

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(minutes=14, seconds=30)

    monkeypatch.setattr("docuvault_client.batches.datetime", Later)
    client, requests = await counted()
    assert all(each.document for each in await client.upload_many([Bytes(b"x", "a"), Bytes(b"x", "b")]))
    assert (requests[URLS], requests[URL], datetime.now(UTC) < Later.now(UTC)) == (1, 2, True)
    assert await names(client) == ["a", "b"]


async def test_a_batch_whose_answer_was_lost_makes_no_document_twice(counted: Counted, stack: Stack) -> None:
    async with relaying(int(stack.info.gateway_url.rpartition(":")[2])) as way:
        client, _ = await counted(base_url=f"http://127.0.0.1:{way.port}")
        way.orders.append(LoseAnswer())
        outcomes = await client.upload_many([Bytes(b"x", name) for name in "abc"], parallel=1)
        assert all(each.document for each in outcomes)
        assert await names(client) == ["a", "b", "c"]


async def test_an_api_that_stays_away_fails_the_batch_once_for_all_of_its_files(counted: Counted, stack: Stack) -> None:
    async with relaying(int(stack.info.gateway_url.rpartition(":")[2])) as way:
        client, requests = await counted(base_url=f"http://127.0.0.1:{way.port}")
        way.orders.extend([Refuse(503)] * 1000)
        outcomes = await client.upload_many([Bytes(b"x", f"{number}") for number in range(50)])
        assert [type(each.error) for each in outcomes] == [Unavailable] * 50
        assert requests == {URLS: QUICK.tries}


async def test_a_name_that_the_server_would_refuse_holds_up_no_other(counted: Counted) -> None:
    client, requests = await counted()
    outcomes = await client.upload_many([Bytes(b"x", "a"), Bytes(b"x", "b\nc"), Bytes(b"x", "d")])
    assert [each.document is not None for each in outcomes] == [True, False, True]
    assert (requests[URLS], requests[URL]) == (1, 0)


async def test_names_that_make_a_batch_too_large_are_asked_for_one_by_one(counted: Counted) -> None:
    client, requests = await counted()
    outcomes = await client.upload_many([Bytes(b"x", "\U0001f4c4" * 1020 + f"{number}") for number in range(70)])
    assert all(each.document for each in outcomes)
    assert (requests[URLS], requests[URL]) == (1, 70)


async def test_a_token_that_is_not_good_is_told_of_all_by_one_request(counted: Counted, tmp_path: Path) -> None:
    client, requests = await counted(token="none")
    (tmp_path / "a").touch()
    outcomes = await client.upload_many([File(tmp_path / "a")] * 20)
    assert [type(each.error) for each in outcomes] == [Unauthorized] * 20
    assert requests == {URLS: 1}
