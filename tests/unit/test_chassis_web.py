"""The HTTP chassis on a real socket: one shape for all that goes wrong, and nothing told that is not the client's."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientResponse, ClientSession, web
from pydantic import BaseModel, ConfigDict, Field
from structlog.testing import capture_logs

from services.chassis.auth import TokenVerifier, create_access_token
from services.chassis.errors import Transient
from services.chassis.settings import HttpSettings, TokenSettings
from services.chassis.web import (
    caller,
    json_response,
    listening,
    make_app,
    read_body,
    read_query,
    request_id,
    require_role,
    traceparent,
    within,
)

USER = UUID("3d0f2f3a-9a30-4d2f-8f3c-0f6a6f0f3b11")
TOKENS = TokenSettings(jwt_secret="a secret of the tests, long enough")
HTTP = HttpSettings(http_port=0, request_timeout_seconds=0.6, ready_timeout_seconds=0.6, max_body_bytes=1000)
BEARER = {"Authorization": f"Bearer {create_access_token(USER, 'user', TOKENS)}"}
ADMIN = {"Authorization": f"Bearer {create_access_token(USER, 'admin', TOKENS)}"}


class File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    filename: str
    tags: list[int] = []


class Page(BaseModel):
    limit: int = Field(50, ge=1, le=100)


async def who(request: web.Request) -> web.Response:
    body = {"user_id": caller(request).user_id, "id": request_id(request), "trace": traceparent(request)}
    return json_response(body, 201, {"X-More": "yes"})


async def take(request: web.Request) -> web.Response:
    return json_response(await read_body(request, File))


async def page(request: web.Request) -> web.Response:
    return json_response(read_query(request, Page))


async def admin(request: web.Request) -> web.Response:
    return json_response({"role": require_role(request, "admin").role})


async def bug(_: web.Request) -> web.Response:
    raise RuntimeError("a password")


async def away(_: web.Request) -> web.Response:
    raise Transient("kafka is away")


async def slow(_: web.Request) -> web.Response:
    await asyncio.sleep(1)
    return json_response({})


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"event")
    return response


def add_routes(app: web.Application) -> None:
    app.router.add_get("/who", who)
    app.router.add_post("/files/{id}", take)
    app.router.add_get("/page", page)
    app.router.add_get("/admin", admin)
    app.router.add_get("/bug", bug)
    app.router.add_get("/away", away)
    app.router.add_get("/slow", slow)
    app.router.add_get("/patient", within(20, slow))
    app.router.add_get("/endless", within(None, slow))
    app.router.add_get("/stream", stream)


async def fine() -> None:
    """A dependency that is there."""


async def hanging() -> None:
    await asyncio.sleep(60)


async def broken() -> None:
    raise ValueError("a password")


async def gone() -> None:
    raise Transient("the broker is away")


CHECKS = {"postgres": fine}


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    app = make_app(HTTP, TokenVerifier(TOKENS), ready=CHECKS, setup=add_routes)
    async with listening(app, HTTP) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session


async def detail_of(response: ClientResponse) -> Any:
    assert response.content_type == "application/json"
    body = await response.json()
    assert list(body) == ["detail"]
    return body["detail"]


async def test_a_caller_with_a_good_token_is_known(client: ClientSession) -> None:
    response = await client.get("/who", headers=BEARER)
    assert (response.status, response.headers["X-More"]) == (201, "yes")
    assert (await response.json())["user_id"] == str(USER)


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Bearer garbage", "Basic dXNlcjpwYXNz", "garbage", f"Bearer {'x' * 20_000}"]
)
async def test_without_a_good_token_it_is_401_and_says_which_scheme(client: ClientSession, value: str) -> None:
    response = await client.get("/who", headers={"Authorization": value})
    assert response.status == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert isinstance(await detail_of(response), str)


async def test_two_tokens_are_none(client: ClientSession) -> None:
    pairs = [*BEARER.items(), *ADMIN.items()]
    assert (await client.get("/who", headers=pairs)).status == 401


async def test_the_scheme_is_known_in_any_case(client: ClientSession) -> None:
    value = BEARER["Authorization"].replace("Bearer", "bearer ")
    assert (await client.get("/who", headers={"Authorization": value})).status == 201


async def test_a_role_opens_what_others_may_not(client: ClientSession) -> None:
    refused = await client.get("/admin", headers=BEARER)
    assert refused.status == 403
    assert "admin" in await detail_of(refused)
    assert (await client.get("/admin", headers=ADMIN)).status == 200


async def test_what_no_route_serves_is_404_with_or_without_a_token(client: ClientSession) -> None:
    for headers in ({}, BEARER):
        response = await client.get("/nothing?secret=1", headers=headers)
        assert (response.status, await detail_of(response)) == (404, "Not Found")


async def test_another_method_is_405_and_names_those_there_are(client: ClientSession) -> None:
    response = await client.get("/files/1", headers=BEARER)
    assert (response.status, response.headers["Allow"]) == (405, "POST")
    assert await detail_of(response) == "Method Not Allowed"


async def test_a_body_beyond_the_limit_is_413(client: ClientSession) -> None:
    response = await client.post("/files/1", headers=BEARER, data=b"x" * 1001)
    assert response.status == 413
    assert await detail_of(response)


async def test_a_body_that_unpacks_beyond_the_limit_is_413_too(client: ClientSession) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)[:20_000]
    response = await client.post("/files/1", headers={**BEARER, "Content-Encoding": "gzip"}, data=bomb)
    assert response.status == 413


async def test_a_body_that_is_not_packed_as_it_says_is_400_and_ends_the_connection(client: ClientSession) -> None:
    response = await client.post("/files/1", headers={**BEARER, "Content-Encoding": "gzip"}, data=b"plain")
    assert (response.status, response.headers["Connection"]) == (400, "close")
    assert await detail_of(response)
    assert (await client.get("/who", headers=BEARER)).status == 201


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        (b"", ["body"]),
        (b"{", ["body"]),
        (b"[]", ["body"]),
        (b"null", ["body"]),
        (b'"text"', ["body"]),
        (b"{}", ["body", "filename"]),
        (b'{"filename": 1}', ["body", "filename"]),
        (b'{"filename": "\xff"}', ["body"]),
        (b'{"filename": "\\ud800"}', ["body"]),
        (b'{"filename": "a", "tags": [1, "x"]}', ["body", "tags", 1]),
        (b'{"filename": "a", "another\\u0000": 1}', ["body", "another\x00"]),
        (b"[" * 1000, ["body"]),
        (b'{"a":' * 200, ["body"]),
        (b'{"filename": ' + b"9" * 900, ["body"]),
        (b"filename=a", ["body"]),
    ],
    ids=repr,
)
async def test_a_body_that_does_not_fit_is_422_and_names_the_field(
    client: ClientSession, body: bytes, loc: list[str]
) -> None:
    response = await client.post("/files/1", headers=BEARER, data=body)
    assert response.status == 422
    first = (await detail_of(response))[0]
    assert (first["loc"], sorted(first)) == (loc, ["loc", "msg", "type"])


async def test_a_body_with_many_faults_names_only_some(client: ClientSession) -> None:
    body = {"filename": "a", "tags": ["x"] * 150}
    assert len(await detail_of(await client.post("/files/1", headers=BEARER, json=body))) == 20


async def test_a_body_is_json_whatever_its_type_says(client: ClientSession) -> None:
    response = await client.post("/files/1", headers={**BEARER, "Content-Type": "text/plain"}, data=b'{"filename":"a"}')
    assert await response.json() == {"filename": "a", "tags": []}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=", "limit=1&limit=x"])
async def test_a_query_that_does_not_fit_is_422_and_names_the_parameter(client: ClientSession, query: str) -> None:
    response = await client.get(f"/page?{query}", headers=BEARER)
    assert response.status == 422
    assert (await detail_of(response))[0]["loc"] == ["query", "limit"]


async def test_a_bug_is_500_told_to_the_log_only_and_once(client: ClientSession) -> None:
    with capture_logs() as lines:
        response = await client.get("/bug", headers={**BEARER, "X-Request-Id": "abc"})
    assert (response.status, await detail_of(response)) == (500, "Internal Server Error")
    failed = [line for line in lines if line["event"] == "http.failed"]
    assert len(failed) == 1
    assert failed[0]["exc_info"] is True
    assert (await client.get("/who", headers=BEARER)).status == 201


async def test_trouble_that_may_pass_is_503_and_says_when_to_try_again(client: ClientSession) -> None:
    response = await client.get("/away", headers=BEARER)
    assert (response.status, response.headers["Retry-After"]) == (503, "1")
    assert "kafka" not in await detail_of(response)


async def test_a_request_that_takes_too_long_is_503(client: ClientSession) -> None:
    response = await client.get("/slow", headers=BEARER)
    assert (response.status, response.headers["Retry-After"]) == (503, "1")


async def test_a_route_may_take_its_own_time(client: ClientSession) -> None:
    assert (await client.get("/patient", headers=BEARER)).status == 200
    assert (await client.get("/endless", headers=BEARER)).status == 200


async def test_a_body_that_never_ends_is_timed_out_as_well(client: ClientSession) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1)

    assert (await client.post("/files/1", headers=BEARER, data=drip())).status == 503


@pytest.mark.parametrize("given", ["abc", "A-1_b.c", "x" * 64])
async def test_a_plain_request_id_is_kept(client: ClientSession, given: str) -> None:
    response = await client.get("/who", headers={**BEARER, "X-Request-Id": given})
    assert response.headers["X-Request-Id"] == (await response.json())["id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "<script>", '"', "{}", "é"])
async def test_any_other_request_id_is_made_anew(client: ClientSession, given: str) -> None:
    response = await client.get("/who", headers={**BEARER, "X-Request-Id": given})
    assert response.headers["X-Request-Id"] not in {given, ""}


async def test_errors_carry_their_request_id_and_are_not_to_be_stored(client: ClientSession) -> None:
    for path in ("/nothing", "/bug", "/who"):
        response = await client.get(path, headers={"X-Request-Id": "abc"})
        assert (response.headers["X-Request-Id"], response.headers["Cache-Control"]) == ("abc", "no-store")


async def test_a_stream_has_its_request_id_too(client: ClientSession) -> None:
    response = await client.get("/stream", headers={**BEARER, "X-Request-Id": "abc"})
    assert (response.headers["X-Request-Id"], await response.read()) == ("abc", b"event")


async def test_a_clients_trace_goes_on_under_a_span_of_ours(client: ClientSession) -> None:
    theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ours = (await (await client.get("/who", headers={**BEARER, "traceparent": theirs})).json())["trace"]
    assert ours[:36] == theirs[:36]
    assert ours != theirs


@pytest.mark.parametrize(
    "theirs", ["", "garbage", f"00-{'0' * 32}-b7ad6b7169203331-01", f"00-{'A' * 32}-{'b' * 16}-01"]
)
async def test_no_trace_or_a_broken_one_begins_anew(client: ClientSession, theirs: str) -> None:
    ours = (await (await client.get("/who", headers={**BEARER, "traceparent": theirs})).json())["trace"]
    assert len(ours) == 55
    assert ours[:36] != theirs[:36]


async def test_a_request_is_one_line_with_the_route_and_never_the_path_or_query(client: ClientSession) -> None:
    with capture_logs() as lines:
        await client.post("/files/private?token=private", headers=BEARER, json={"filename": "private"})
    requests = [line for line in lines if line["event"] == "http.request"]
    assert len(requests) == 1
    assert (
        requests[0].items() >= {"method": "POST", "route": "/files/{id}", "status": 200, "user_id": str(USER)}.items()
    )
    assert requests[0]["ms"] >= 0
    assert "private" not in json.dumps(lines)


async def test_a_refused_token_leaves_its_reason_in_the_log_and_nothing_of_itself(client: ClientSession) -> None:
    with capture_logs() as lines:
        await client.get("/who", headers={"Authorization": "Bearer private.private.private"})
    assert lines[0]["refused_because"]
    assert "private" not in json.dumps(lines)


async def test_probes_need_no_token_and_are_quiet(client: ClientSession) -> None:
    with capture_logs() as lines:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await client.get(path)).status == 200
    assert {line["log_level"] for line in lines} == {"debug"}


async def test_metrics_count_requests_by_route(client: ClientSession) -> None:
    await client.post(f"/files/{uuid4()}", headers=BEARER, json={"filename": "a"})
    text = await (await client.get("/metrics")).text()
    assert 'docuvault_http_request_seconds_count{method="POST",route="/files/{id}",status="200"}' in text


async def test_readiness_names_what_is_not_ready_and_tells_no_secret() -> None:
    checks = {"postgres": fine, "kafka": gone, "minio": hanging, "other": broken}
    app = make_app(HTTP, TokenVerifier(TOKENS), ready=checks, setup=add_routes)
    async with listening(app, HTTP) as port, ClientSession() as session:
        response = await session.get(f"http://127.0.0.1:{port}/readyz")
        found = await detail_of(response)
        alive = await session.get(f"http://127.0.0.1:{port}/healthz")
    assert response.status == 503
    assert found == {
        "not_ready": {"kafka": "the broker is away", "minio": "TimeoutError", "other": "ValueError"},
    }
    assert alive.status == 200
