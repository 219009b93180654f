"""What exists, what does not, and the shape of every refusal."""

from __future__ import annotations

import re

import pytest
from aiohttp import FormData

from tests.stack.support.api import Api


async def test_no_byte_of_a_document_passes_through_the_application(api: Api) -> None:
    user = await api.user()
    form = FormData()
    form.add_field("file", b"x" * 1000, filename="a.pdf", content_type="application/pdf")
    answer = await user.call("POST", "/api/documents/upload", data=form)
    assert answer.status in {404, 405}
    assert list(answer.body) == ["detail"]
    assert (await user.list()).body["items"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api"),
        ("GET", "/api/nothing"),
        ("GET", "/api/documents/a/b/c"),
        ("DELETE", "/api/documents/..%2fdocuments"),
        ("GET", "/api/documents/%2e%2e/admin/quotas/x"),
        ("GET", "/metrics"),
        ("GET", "/readyz"),
        ("GET", "/minio/health/live"),
        ("GET", "/documents/"),
    ],
)
async def test_what_is_no_route_is_a_404_in_the_one_shape(api: Api, method: str, path: str) -> None:
    answer = await (await api.user()).call(method, path)
    assert (answer.status, list(answer.body)) == (404, ["detail"])


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/api/documents"), ("PATCH", "/api/auth/me/quota"), ("DELETE", "/api/auth/me/quota")],
)
async def test_what_a_route_does_not_do_is_a_405_in_the_one_shape(api: Api, method: str, path: str) -> None:
    answer = await (await api.user()).call(method, path)
    assert (answer.status, list(answer.body)) == (405, ["detail"])
    assert answer.headers["Allow"]


@pytest.mark.parametrize("name", ["upload-url", "upload-urls", "multipart", "sign-request"])
async def test_what_is_called_by_post_alone_is_no_documents_id(api: Api, name: str) -> None:
    user = await api.user()
    for method in ("GET", "DELETE", "OPTIONS"):
        answer = await user.call(method, f"/api/documents/{name}")
        assert (answer.status, list(answer.body), answer.headers["Allow"]) == (405, ["detail"], "POST")


async def test_health_wants_no_token(api: Api) -> None:
    answer = await api.bearer("none").call("GET", "/healthz", headers={"Authorization": ""})
    assert answer.status == 200


async def test_every_answer_carries_its_request_id(api: Api) -> None:
    user = await api.user()
    named = await user.call("GET", "/api/documents", headers={"X-Request-Id": "order-66"})
    assert named.headers["X-Request-Id"] == "order-66"
    one, other = await user.list(), await user.list()
    assert one.headers["X-Request-Id"] != other.headers["X-Request-Id"]


@pytest.mark.parametrize("name", ["x" * 65, "two words", "eyJhbGciOi.J9!", '{"a":1}'])
async def test_a_request_id_that_is_not_short_and_plain_is_replaced(api: Api, name: str) -> None:
    answer = await (await api.user()).call("GET", "/api/documents", headers={"X-Request-Id": name})
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["X-Request-Id"])
    assert answer.headers["X-Request-Id"] != name
