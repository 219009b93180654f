"""GET /api/documents: newest first, page by page, by status."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from deploy.local.stack import Stack
from tests.stack.support.api import Api, Client


async def test_the_list_is_the_callers_own_newest_first(api: Api) -> None:
    user, other = await api.user(), await api.user()
    made = [(await user.begin(f"{number}.txt")).document_id for number in range(4)]
    await other.begin()
    page = (await user.list()).body
    assert [item["id"] for item in page["items"]] == made[::-1]
    assert page["next_cursor"] is None


async def test_a_user_without_documents_has_an_empty_list(api: Api) -> None:
    assert (await api.stranger().list()).body == {"items": [], "next_cursor": None}


async def test_the_pages_hold_each_document_once_while_new_ones_come(api: Api) -> None:
    user = await api.user()
    made = [(await user.begin(f"{number}.txt")).document_id for number in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        page = await _page(user, "limit=2", cursor)
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        await user.begin("newcomer.txt")
    assert seen == made[::-1]
    assert cursor is None


async def test_documents_of_one_moment_are_neither_lost_nor_repeated(api: Api, stack: Stack) -> None:
    user = await api.user()
    uploads = await asyncio.gather(*(user.begin() for _ in range(10)))
    database = await asyncpg.connect(stack.info.databases["postgres"])
    try:
        await database.execute("UPDATE upload.documents SET created_at = now() WHERE user_id = $1", user.user_id)
    finally:
        await database.close()
    seen = await _walk(user, "limit=4")
    assert sorted(seen) == sorted(upload.document_id for upload in uploads)


async def test_a_page_that_ends_with_the_list_is_the_last(api: Api) -> None:
    user = await api.user()
    await asyncio.gather(*(user.begin() for _ in range(4)))
    assert (await user.list("limit=4")).body["next_cursor"] is None
    assert (await user.list("limit=3")).body["next_cursor"] is not None


async def test_a_delete_between_two_pages_skips_nothing(api: Api) -> None:
    user = await api.user()
    made = [(await user.begin()).document_id for _ in range(5)]
    page = await _page(user, "limit=2", None)
    await user.delete(made[3])  # the last one of the page that was read
    rest = await _page(user, "limit=50", page["next_cursor"])
    assert [item["id"] for item in rest["items"]] == made[2::-1]


async def test_a_status_filters_over_all_pages(api: Api) -> None:
    user = await api.user()
    uploaded, pending = [], []
    for _ in range(3):
        uploaded.append((await user.store(b"x")).document_id)
        pending.append((await user.begin()).document_id)
    assert await _walk(user, "limit=2&status=uploaded") == uploaded[::-1]
    assert await _walk(user, "limit=1&status=pending") == pending[::-1]
    assert await _walk(user, "status=classified") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=1.5", "limit"),
        ("status=gone", "status"),
        ("status=deleted", "status"),
        ("status=rejected", "status"),
        ("status=", "status"),
        ("cursor=nonsense", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=" + "A" * 600, "cursor"),
        ("topic=", "topic"),
        ("topic=a%00b", "topic"),
    ],
    ids=lambda text: text[:12],
)
async def test_a_query_that_does_not_fit_is_a_422_that_names_the_parameter(api: Api, query: str, field: str) -> None:
    answer = await (await api.user()).list(query)
    assert answer.status == 422
    assert answer.body["detail"][0]["loc"] == ["query", field]


async def test_anothers_cursor_shows_nothing_of_theirs(api: Api) -> None:
    user, other = await api.user(), await api.user()
    await asyncio.gather(*(other.begin() for _ in range(3)))
    mine = (await user.begin()).document_id
    cursor = (await _page(other, "limit=1", None))["next_cursor"]
    assert {item["id"] for item in (await _page(user, "limit=50", cursor))["items"]} <= {mine}


async def _page(user: Client, query: str, cursor: str | None) -> Any:
    answer = await user.list(query if cursor is None else f"{query}&cursor={quote(cursor)}")
    assert answer.status == 200, answer
    return answer.body


async def _walk(user: Client, query: str) -> list[str]:
    seen: list[str] = []
    page = await _page(user, query, None)
    while True:
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            return seen
        page = await _page(user, query, page["next_cursor"])
