"""GET /api/documents: newest first or as asked, page by page, by status, topic and words of the name."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote, unquote

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
        ("search=a%00b", "search"),
        ("search=" + "a" * 201, "search"),
        ("search=" + "a" * 7_000, "search"),
        ("search=" + "%20".join("abcdefghi"), "search"),
        ("sort=size", "sort"),
        ("sort=", "sort"),
        ("sort=NAME", "sort"),
        ("sort=name&cursor=nonsense", "cursor"),
        ("sort=name&cursor=" + "A" * 2049, "cursor"),
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


async def test_a_search_and_an_order_go_over_all_pages(api: Api) -> None:
    user = await api.user()
    begun = {name: (await user.begin(name)).document_id for name in ("b 1.PDF", "a 1.pdf", "c.pdf", "Ä 1.pdf", "1.txt")}
    for sort, names in (
        ("newest", ["Ä 1.pdf", "a 1.pdf", "b 1.PDF"]),
        ("oldest", ["b 1.PDF", "a 1.pdf", "Ä 1.pdf"]),
        ("name", ["a 1.pdf", "Ä 1.pdf", "b 1.PDF"]),
    ):
        assert await _walk(user, f"limit=1&search=%20pdf+1&sort={sort}") == [begun[name] for name in names]
    assert await _walk(user, "limit=2&search=%20%20") == await _walk(user, "limit=2") == [*begun.values()][::-1]
    assert await _walk(user, "search=xlsx&sort=largest") == []


async def test_the_largest_come_first(api: Api) -> None:
    user = await api.user()
    sizes = {size: (await user.store(b"x" * size)).document_id for size in (3, 1, 7, 5)}
    assert await _walk(user, "limit=2&sort=largest") == [sizes[size] for size in (7, 5, 3, 1)]


async def test_a_search_that_no_request_line_holds_is_a_400(api: Api) -> None:
    assert (await (await api.user()).list("search=" + "a" * 10_000)).status == 400


@pytest.mark.parametrize("search", ["%25", "_", "%5C", "'--", "%ED%A0%80", "%FF", "%F0%9F%93%84", "%22", "%7Bkey%7D"])
async def test_a_search_for_anything_finds_what_has_it_and_nothing_else(api: Api, search: str) -> None:
    user = await api.user()
    await asyncio.gather(*(user.begin(name) for name in ("plain.txt", "1.pdf", "ab")))
    for sort in ("newest", "name", "largest"):
        assert await _walk(user, f"search={search}&sort={sort}") == []


ORDERS = ("sort=oldest", "sort=name", "sort=largest")
OTHERS = (*ORDERS, "status=pending", "search=t", "topic=t", "search=t&status=pending")


@pytest.mark.parametrize("query", ["sort=newest", *OTHERS[:5]])
async def test_a_cursor_goes_with_no_other_sort_search_or_filter(api: Api, query: str) -> None:
    user = await api.user()
    await asyncio.gather(*(user.begin(f"{number}.txt") for number in range(3)))
    cursor = quote((await _page(user, f"limit=1&{query}", None))["next_cursor"])
    for other in {"sort=newest", *OTHERS} - {query}:
        answer = await user.list(f"limit=1&{other}&cursor={cursor}")
        assert answer.status == 422
        assert answer.body["detail"][0]["loc"] == ["query", "cursor"]
    assert len((await _page(user, f"limit=1&{query}", unquote(cursor)))["items"]) == 1


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
