"""Topics, settings and corrections through the gateway, and what comes of them in the document itself.

On a stack of its own: the tests' common one does without the classifier.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import ClientSession

from deploy.local.stack import Stack
from services.classifier.corrections import FILED_NOWHERE, REASON, UNDONE
from services.classifier.topics_removal import NOTE
from tests.stack.support.api import Answer, Api, Client, Upload
from tests.stack.support.leaks import HandedOut, find_leaks, secrets_in
from tests.stack.support.provider import provided
from tests.stack.support.waiting import eventually

NOT_FOUND = {"detail": "Document not found"}
BILLS = (
    "Invoice number 4711. Total amount due 120 EUR, payable by bank transfer within 14 days.",
    "Invoice for consulting services in March. Amount due: 3,400 dollars. Please pay by the due date.",
    "Your invoice from the electricity company: amount 89.20 EUR, due date 3 May.",
    "Reminder: the invoice of February is overdue, please transfer the amount of 210 EUR.",
)
RECIPES = (
    "Recipe: chop onions and garlic, fry them in butter, add flour and tomatoes and simmer the sauce.",
    "Bake the cake at 180 degrees: flour, sugar, eggs, butter and baking powder in the dough.",
    "Pancake recipe with milk, eggs and flour; fry the dough in butter.",
    "Bread recipe: knead flour, yeast, salt and water, let the dough rest and bake it in the oven.",
)
KEY = "sk-live-DoNotTellAnybody0123456789"


@pytest.fixture(scope="module")
def classifying(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole stack; its logs stay when a test failed."""
    stack = provided(tmp_path_factory.mktemp("stack"), without_services=())
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
    if not request.session.testsfailed:
        stack.reset()


@pytest.fixture
async def api(classifying: Stack) -> AsyncIterator[Api]:
    given = HandedOut()
    async with ClientSession() as session:
        yield Api(session, classifying.info, given)
    assert find_leaks(classifying.layout.logs, given, secrets_in(classifying.layout.secrets) | {KEY}) == []


async def make_topic(user: Client, name: str) -> str:
    answer = await user.send("POST", "/api/topics", {"name": name})
    assert answer.status == 201, answer
    return str(answer.body["id"])


async def file(user: Client, upload: Upload, *topics: str) -> Answer:
    return await user.send("PUT", f"/api/documents/{upload.document_id}/topics", {"topic_ids": topics})


async def silent_user(api: Api) -> Client:
    """Whose documents are not read, so that what is filed by hand is all there is."""
    user = await api.user()
    assert (await user.send("PUT", "/api/auth/me/classification", {"mode": "off"})).status == 200
    return user


async def shown(user: Client, upload: Upload) -> tuple[str, list[str], str | None]:
    """The document's status, the names of its topics, its reason."""
    body: dict[str, Any] = (await user.get(upload.document_id)).body
    return body["status"], [topic["name"] for topic in body["topics"]], body["reason"]


async def test_topics_are_made_listed_changed_and_deleted(api: Api) -> None:
    user, other = await api.user(), await api.user()
    topic = await make_topic(user, "Invoices")
    assert (await user.send("PATCH", f"/api/topics/{topic}", {"description": "Bills"})).body["description"] == "Bills"
    assert [each["id"] for each in (await user.call("GET", "/api/topics")).body["items"]] == [topic]
    assert (await other.call("GET", "/api/topics")).body == {"items": []}
    assert (await other.call("DELETE", f"/api/topics/{topic}")).status == 404
    assert (await user.call("DELETE", f"/api/topics/{topic}")).status == 204
    assert (await user.call("GET", f"/api/topics/{topic}")).body == {"detail": "Topic not found"}
    assert (await user.call("GET", "/api/topics/suggestions")).body == {"items": []}


async def test_documents_of_two_kinds_suggest_two_topics_to_who_has_none(api: Api) -> None:
    user = await api.user()
    kinds = [{(await user.store(text.encode(), "a.txt")).document_id for text in texts} for texts in (BILLS, RECIPES)]

    async def read() -> int:
        return len((await user.list("status=classified")).body["items"])

    await eventually(read, becomes=len(BILLS) + len(RECIPES))
    items = (await user.call("GET", "/api/topics/suggestions")).body["items"]
    assert len(items) == 2
    found = [set(each["document_ids"]) for each in items]
    assert all(any(ids <= kind for kind in kinds) for ids in found)
    assert len({each["name"] for each in items}) == 2
    assert (await user.call("GET", "/api/topics")).body == {"items": []}


async def test_settings_are_each_users_own(api: Api) -> None:
    user, other = await silent_user(api), await api.user()
    assert (await user.call("GET", "/api/auth/me/classification")).body["mode"] == "off"
    assert (await other.call("GET", "/api/auth/me/classification")).body["mode"] == "embedding"


async def test_the_key_of_a_model_is_in_no_log_of_any_process(api: Api) -> None:
    user = await api.user()
    llm = {"url": "https://llm.example.com/v1", "model": "small", "key": KEY}
    for given in (llm, llm | {"key": f"{KEY} "}, llm | {"url": "http://127.0.0.1:1/v1"}, KEY):
        answer = await user.send("PUT", "/api/auth/me/classification", {"mode": "llm", "llm": given})
        assert answer.status in {200, 422}
        assert KEY not in str(answer.body)
    assert KEY not in str((await user.call("GET", "/api/auth/me/classification")).body)


async def test_a_document_shows_what_it_was_filed_under_by_hand(api: Api) -> None:
    user = await silent_user(api)
    one, other = [await make_topic(user, name) for name in ("one", "other")]
    upload = await user.store(b"words")
    answer = await file(user, upload, other, one)  # at once: the classifier may hear of it only now
    assert (answer.status, [topic["name"] for topic in answer.body["topics"]]) == (200, ["other", "one"])
    await eventually(lambda: shown(user, upload), becomes=("classified", ["other", "one"], None))
    topic = (await user.get(upload.document_id)).body["topics"][0]
    assert topic == {"topic_id": other, "name": "other", "score": 1.0, "reason": REASON}
    assert (await user.list(f"topic={one}")).body["items"][0]["id"] == upload.document_id


async def test_a_document_that_is_filed_under_nothing_tells_why(api: Api) -> None:
    user = await silent_user(api)
    topic, upload = await make_topic(user, "one"), await user.store(b"words")
    assert (await file(user, upload)).status == 200
    await eventually(lambda: shown(user, upload), becomes=("classified", [], FILED_NOWHERE))
    assert (await file(user, upload, topic)).status == 200
    await eventually(lambda: shown(user, upload), becomes=("classified", ["one"], None))
    assert (await user.call("DELETE", f"/api/topics/{topic}")).status == 204
    await eventually(lambda: shown(user, upload), becomes=("classified", [], NOTE))


async def test_a_correction_that_is_undone_holds_no_more_also_where_nothing_is_read(api: Api) -> None:
    user = await silent_user(api)
    topic, upload = await make_topic(user, "one"), await user.store(b"words")
    assert (await file(user, upload, topic)).status == 200
    await eventually(lambda: shown(user, upload), becomes=("classified", ["one"], None))
    assert (await user.call("DELETE", f"/api/documents/{upload.document_id}/topics")).status == 202
    await eventually(lambda: shown(user, upload), becomes=("classified", [], UNDONE))


async def test_a_document_without_bytes_a_deleted_one_and_a_refused_one_cannot_be_filed(api: Api) -> None:
    user = await api.user(limit_bytes=100)
    pending, deleted = await user.begin(), await user.store(b"x")
    refused = await user.put_new(b"x" * 101)
    assert (await user.confirm(refused.document_id)).status == 413
    assert (await user.delete(deleted.document_id)).status == 204
    for upload in (pending, refused):
        answer = await file(user, upload)
        assert (answer.status, answer.body) == (404, NOT_FOUND)
    await eventually(lambda: _status(user, deleted), becomes=404)  # once the classifier has heard of it, too


async def _status(user: Client, upload: Upload) -> int:
    return (await file(user, upload)).status


@pytest.mark.parametrize(
    "path", ["/api/documents/x/topics", "/api/documents/topics/topics", "/api/documents/%2e/topics"]
)
async def test_what_is_no_id_is_no_document(api: Api, path: str) -> None:
    answer = await (await api.user()).send("PUT", path, {"topic_ids": []})
    assert (answer.status, list(answer.body)) == (404, ["detail"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/documents/11111111-1111-4111-8111-111111111111/topics"),
        ("PUT", "/api/topics"),
        ("DELETE", "/api/auth/me/classification"),
    ],
)
async def test_what_a_route_does_not_do_is_a_405_in_the_one_shape(api: Api, method: str, path: str) -> None:
    answer = await (await api.user()).call(method, path)
    assert (answer.status, list(answer.body)) == (405, ["detail"])
    assert answer.headers["Allow"]
