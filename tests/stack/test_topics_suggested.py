"""Suggestions over HTTP, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.classifier.suggestions import MOST, SHOWN
from tests.stack.classifier_service import Answer, Service, open_classifier, vector

INVOICES, RECIPES = ((3, 1, 0), ["invoice", "amount"]), ((3, 0, 1), ["recipe", "oven"])


@pytest.fixture
async def service(database: str) -> AsyncIterator[Service]:
    async with open_classifier(database) as opened:
        yield opened


@pytest.fixture
def user() -> UUID:
    return uuid4()


async def store_kind(
    service: Service, user: UUID, count: int, kind: tuple[tuple[float, ...], list[str]], **columns: Any
) -> list[str]:
    made = [await service.store(user, **_as_read(kind, number) | columns) for number in range(count)]
    return [str(document) for document in made]


def _as_read(kind: tuple[tuple[float, ...], list[str]], number: int) -> dict[str, Any]:
    return {"vector": vector(*kind[0], 0.1 * number), "terms": [*kind[1], f"n{number}"]}


async def suggested(service: Service, user: UUID) -> Answer:
    return await service.call("GET", "/api/topics/suggestions", user)


async def test_documents_of_a_kind_suggest_a_topic_and_nothing_is_changed(service: Service, user: UUID) -> None:
    invoices, recipes = await store_kind(service, user, 7, INVOICES), await store_kind(service, user, 4, RECIPES)
    status, answer = await suggested(service, user)
    assert (status, [each["name"] for each in answer["items"]]) == (200, ["Amount, invoice", "Oven, recipe"])
    assert [each["documents"] for each in answer["items"]] == [7, 4]
    assert len(answer["items"][0]["document_ids"]) == SHOWN
    assert set(answer["items"][0]["document_ids"]) < set(invoices)
    assert set(answer["items"][1]["document_ids"]) == set(recipes)
    assert (await service.names(user), await service.said()) == ([], [])


async def test_without_documents_there_is_nothing_to_suggest(service: Service, user: UUID) -> None:
    assert await suggested(service, user) == (200, {"items": []})
    await store_kind(service, user, 2, INVOICES)
    await service.store(user, read=False)
    assert await suggested(service, user) == (200, {"items": []})


async def test_what_is_filed_gone_another_users_or_of_another_model_suggests_nothing(
    service: Service, user: UUID
) -> None:
    filed = '[{"topic_id": "x", "name": "n", "score": 1, "reason": "r"}]'
    told = {"topics": filed, "outcome": "filed", "told_at": datetime.now(UTC)}
    await store_kind(service, user, 5, INVOICES, **told)
    await store_kind(service, uuid4(), 5, INVOICES)
    await store_kind(service, user, 5, INVOICES, vector_of="older", vector=b"\0\0\0\0")
    recipes = await store_kind(service, user, 3, RECIPES)
    await store_kind(service, user, 3, ((-3, 1, 0), ["garden"]))
    items = (await suggested(service, user))[1]["items"]
    assert sorted(each["name"] for each in items) == ["Garden", "Oven, recipe"]
    assert next(each["document_ids"] for each in items if each["name"] != "Garden")[0] in recipes


async def test_a_topic_that_there_is_is_not_suggested(service: Service, user: UUID) -> None:
    await store_kind(service, user, 4, INVOICES)
    await store_kind(service, user, 4, ((3, 0, 1), ["recipe"]))
    await service.topic(user, "RECIPE")
    assert [each["name"] for each in (await suggested(service, user))[1]["items"]] == ["Amount, invoice"]


async def test_the_newest_are_compared_and_requests_at_once_are_all_answered(service: Service, user: UUID) -> None:
    await service.pool.execute(
        "INSERT INTO documents (document_id, user_id, object_key, version, state, etag, changed_at, vector, vector_of,"
        " terms) SELECT gen_random_uuid(), $1, n::text, 1, 'stored', 'e', now() - n * interval '1 s',"
        " CASE WHEN n % 2 = 0 THEN $2::bytea ELSE $3::bytea END, 'test', ARRAY['kind' || (n % 2)]"
        " FROM generate_series(1, 1200) AS n",
        user,
        vector(3, 1, 0),
        vector(3, 0, 1),
    )
    answers = await asyncio.gather(*(suggested(service, user) for _ in range(4)))
    assert {status for status, _ in answers} == {200}
    assert [each["documents"] for each in answers[0][1]["items"]] == [MOST // 2] * 2
