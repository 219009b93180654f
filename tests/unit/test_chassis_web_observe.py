"""What is seen of a request: ids, traces, one line, measurements, probes; and nothing that is the client's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from tests.unit.web_example import BEARER, USER, broken, detail_of, fine, gone, hanging, running


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with running() as session:
        yield session


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
    async with running(checks) as session:
        response = await session.get("/readyz")
        found = await detail_of(response)
        alive = await session.get("/healthz")
    assert response.status == 503
    assert found == {
        "not_ready": {"kafka": "the broker is away", "minio": "TimeoutError", "other": "ValueError"},
    }
    assert alive.status == 200
