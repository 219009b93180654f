"""Topics over HTTP, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from docuvault_contracts.http_topics import MAX_TOPICS, TOO_MANY_TOPICS, TOPIC_NAME_TAKEN

from tests.stack.classifier_service import Service, open_classifier

NOT_FOUND = (404, {"detail": "Topic not found"})
TAKEN = (409, {"detail": TOPIC_NAME_TAKEN})
FULL = (409, {"detail": TOO_MANY_TOPICS})


@pytest.fixture
async def service(database: str) -> AsyncIterator[Service]:
    async with open_classifier(database) as opened:
        yield opened


@pytest.fixture
def user() -> UUID:
    return uuid4()


async def test_a_topic_is_made_seen_changed_and_deleted(service: Service, user: UUID) -> None:
    wanted = {"name": " My  invoices ", "description": "Bills\nto pay", "keywords": ["Due date", "due  DATE", "bill"]}
    status, made = await service.call("POST", "/api/topics", user, wanted)
    kept = {"name": "My invoices", "description": "Bills\nto pay", "keywords": ["Due date", "bill"], "examples": 0}
    assert (status, {name: made[name] for name in kept}) == (201, kept)
    assert await service.call("GET", f"/api/topics/{made['id']}", user) == (200, made)
    status, changed = await service.call("PATCH", f"/api/topics/{made['id']}", user, {"keywords": []})
    assert (status, changed) == (200, made | {"keywords": [], "updated_at": changed["updated_at"]})
    assert changed["updated_at"] > made["updated_at"]
    assert await service.call("DELETE", f"/api/topics/{made['id']}", user) == (204, None)
    assert await service.call("GET", "/api/topics", user) == (200, {"items": []})


async def test_topics_are_listed_by_name_each_user_their_own(service: Service, user: UUID) -> None:
    for name in ("b", "C", "a"):
        await service.topic(user, name)
    await service.topic(uuid4(), "other")
    assert await service.names(user) == ["a", "b", "C"]


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PATCH", {"name": "x"}), ("PATCH", {}), ("DELETE", None)])
async def test_another_users_topic_a_deleted_one_and_no_id_at_all_are_the_same(
    service: Service, user: UUID, method: str, body: object
) -> None:
    others, gone = await service.topic(uuid4(), "mine"), await service.topic(user, "gone")
    assert (await service.call("DELETE", f"/api/topics/{gone}", user))[0] == 204
    for topic in (others, gone, str(uuid4()), "x", "11111111111141118111111111111111", "%00", "..%2f", "é"):
        assert await service.call(method, f"/api/topics/{topic}", user, body) == NOT_FOUND


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Invoices", "INVOICES"),
        ("Straße", "STRASSE"),
        ("İ", "i̇"),
        ("a b", " a\u3000B "),
        ("é", "e\u0301"),
        ("x", "\u202ex"),
    ],
)
async def test_a_name_that_is_taken_is_a_409_however_it_is_written(
    service: Service, user: UUID, one: str, other: str
) -> None:
    first, second = await service.topic(user, one), await service.topic(user, "another")
    assert await service.call("POST", "/api/topics", user, {"name": other}) == TAKEN
    assert await service.call("PATCH", f"/api/topics/{second}", user, {"name": other}) == TAKEN
    assert (await service.call("PATCH", f"/api/topics/{first}", user, {"name": other}))[0] == 200
    assert (await service.call("POST", "/api/topics", uuid4(), {"name": other}))[0] == 201


@pytest.mark.parametrize("name", ["\U0001f4c4 Ünï", "invoice\u202egpj", "a'; DROP TABLE topics; --", "%00", "文" * 100])
async def test_a_hostile_name_is_kept_as_it_is(service: Service, user: UUID, name: str) -> None:
    topic = await service.topic(user, name)
    assert (await service.call("GET", f"/api/topics/{topic}", user))[1]["name"] == name


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a\0b"}, "name"),
        ({"name": "\u200b\u2060"}, "name"),
        ({"name": "\ufdfa" * 100}, "name"),
        ({"name": "a" * 101}, "name"),
        (b'{"name": "\\ud800"}', "name"),
        ({}, "name"),
        ({"name": "a", "description": "\0"}, "description"),
        ({"name": "a", "keywords": ["\0"]}, "keywords"),
        ({"name": "a", "keywords": "abc"}, "keywords"),
    ],
)
async def test_a_body_that_does_not_fit_is_a_422_that_names_the_field(
    service: Service, user: UUID, body: object, field: str
) -> None:
    status, answer = await service.call("POST", "/api/topics", user, body)
    assert (status, answer["detail"][0]["loc"][:2]) == (422, ["body", field])
    assert await service.names(user) == []


async def test_a_patch_that_does_not_fit_changes_nothing(service: Service, user: UUID) -> None:
    topic = await service.topic(user, "a")
    status, answer = await service.call("PATCH", f"/api/topics/{topic}", user, {"name": "\u200b", "description": "new"})
    assert (status, answer["detail"][0]["loc"]) == (422, ["body", "name"])
    assert (await service.call("GET", f"/api/topics/{topic}", user))[1]["description"] == ""


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'{"name": "a"' + b" " * 10 + b"x}"])
async def test_a_body_that_is_no_json_object_is_a_422(service: Service, user: UUID, body: bytes) -> None:
    assert (await service.call("POST", "/api/topics", user, body))[0] == 422


async def test_a_body_of_a_megabyte_is_a_413(service: Service, user: UUID) -> None:
    assert (await service.call("POST", "/api/topics", user, b'{"name": "' + b"a" * 2**20 + b'"}'))[0] == 413


async def test_of_many_who_want_one_name_at_once_one_gets_it(service: Service, user: UUID) -> None:
    names = ["Invoices", "INVOICES", "invoices ", "\u202einvoices"] * 3
    answers = await asyncio.gather(*(service.call("POST", "/api/topics", user, {"name": name}) for name in names))
    assert sorted(status for status, _ in answers) == [201] + [409] * 11
    assert [answer for answer in answers if answer[0] == 409] == [TAKEN] * 11
    assert len(await service.names(user)) == 1


async def test_of_many_that_rename_to_one_name_at_once_one_gets_it(service: Service, user: UUID) -> None:
    topics = [await service.topic(user, f"t{number}") for number in range(6)]
    calls = (service.call("PATCH", f"/api/topics/{topic}", user, {"name": "The one"}) for topic in topics)
    assert sorted(status for status, _ in await asyncio.gather(*calls)) == [200] + [409] * 5


async def test_however_many_come_at_once_a_user_has_no_more_topics_than_the_most(service: Service, user: UUID) -> None:
    await service.pool.execute(
        "INSERT INTO topics (id, user_id, name, folded, created_at, updated_at)"
        " SELECT gen_random_uuid(), $1, n::text, n::text, now(), now() FROM generate_series(1, $2) AS n",
        user,
        MAX_TOPICS - 5,
    )
    calls = (service.call("POST", "/api/topics", user, {"name": f"new {number}"}) for number in range(20))
    answers = await asyncio.gather(*calls)
    assert sorted(status for status, _ in answers) == [201] * 5 + [409] * 15
    assert [answer for answer in answers if answer[0] == 409] == [FULL] * 15
    assert len(await service.names(user)) == MAX_TOPICS
    one = (await service.call("GET", "/api/topics", user))[1]["items"][0]
    assert (await service.call("DELETE", f"/api/topics/{one['id']}", user))[0] == 204
    assert (await service.call("POST", "/api/topics", user, {"name": "in its place"}))[0] == 201


async def test_a_change_outdates_the_topics_vector_and_one_that_changes_nothing_does_not(
    service: Service, user: UUID
) -> None:
    topic = await service.topic(user, "a", description="d", keywords=["k"])

    async def change(body: dict[str, Any]) -> tuple[int, bool]:
        await service.pool.execute("UPDATE topics SET vector = 'x', vector_of = 'test', revision = 1")
        assert (await service.call("PATCH", f"/api/topics/{topic}", user, body))[0] == 200
        row = await service.pool.fetchrow("SELECT revision, vector IS NULL AS outdated FROM topics")
        assert row is not None
        return row["revision"], row["outdated"]

    for same in ({}, {"name": "a"}, {"name": "a", "description": "d", "keywords": ["k"]}, {"name": None}):
        assert await change(same) == (1, False)
    others: tuple[dict[str, Any], ...] = ({"name": "A"}, {"description": "e"}, {"keywords": ["l"]}, {"keywords": []})
    for other in others:
        assert await change(other) == (2, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/topics"),
        ("POST", "/api/topics"),
        ("GET", "/api/topics/suggestions"),
        ("PATCH", "/api/topics/11111111-1111-4111-8111-111111111111"),
        ("GET", "/api/auth/me/classification"),
        ("PUT", "/api/auth/me/classification"),
        ("PUT", "/api/documents/11111111-1111-4111-8111-111111111111/topics"),
        ("DELETE", "/api/documents/11111111-1111-4111-8111-111111111111/topics"),
    ],
)
async def test_without_a_token_nothing_is_told(service: Service, method: str, path: str) -> None:
    async with service.session.request(method, path, data=b"{}") as response:
        assert (response.status, list(await response.json())) == (401, ["detail"])
