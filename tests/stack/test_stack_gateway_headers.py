"""What the gateway says on every answer, whoever gives it: the page, a service, the documentation, or nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.stack.gateway_page import small_page
from tests.stack.gateway_place import Place, gateway_place

pytestmark = pytest.mark.embedded("the gateway's process alone, with a configuration of its own; no stack")

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Request-Id": "of-the-test",
}
EACH = {"X-Request-Id": "of-the-test", "Accept": "text/html"}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    page = small_page(tmp_path)
    (tmp_path / "docs" / "docs").mkdir(parents=True)
    for name in ("index", "openapi"):
        (tmp_path / "docs" / "docs" / f"{name}.html").write_text("docs")
    async with gateway_place(tmp_path, page=page, page_origins=("https://login.example",)) as found:
        yield found


async def refuse(_: web.Request) -> web.Response:
    return web.json_response({"detail": "no"}, status=418, headers={"Server": "private", "Via": "private"})


async def break_off(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"retry: 1000\n\n")
    return response


ANSWERS = {
    "the page": ("GET", "/", 200),
    "an address in the page": ("GET", "/documents/1", 200),
    "an asset": ("GET", "/assets/app.0a1b2c.js", 200),
    "a missing asset": ("GET", "/assets/other.js", 404),
    "a hidden file": ("GET", "/.env", 404),
    "a service": ("GET", "/api/documents", 200),
    "another service": ("GET", "/api/auth/me/quota", 200),
    "the third service": ("GET", "/api/topics", 200),
    "a service that refuses": ("GET", "/api/documents/refuse", 418),
    "a service that breaks off": ("POST", "/api/documents/break", 503),
    "a stream": ("GET", "/api/events", 200),
    "no route": ("GET", "/api/nothing", 404),
    "a method that no file has": ("POST", "/assets/app.0a1b2c.js", 404),
    "a body that is too large": ("POST", "/api/documents/large", 413),
    "the gateway's own health": ("GET", "/healthz", 200),
    "the way to the documentation": ("GET", "/docs", 308),
    "the documentation": ("GET", "/docs/", 200),
    "the drawn documentation": ("GET", "/docs/openapi.html", 200),
    "missing documentation": ("GET", "/docs/other.html", 404),
}


async def answer(request: web.Request) -> web.StreamResponse:
    what = {"/api/documents/refuse": refuse, "/api/documents/break": break_off, "/api/events": stream}
    if request.path in what:
        return await what[request.path](request)
    return web.json_response({"size": len(await request.read())})


@pytest.mark.parametrize("kind", ANSWERS)
async def test_every_kind_of_answer_has_every_header(place: Place, kind: str) -> None:
    method, path, status = ANSWERS[kind]
    place.upload.answer = answer
    body = b"x" * 70_000 if "large" in path else None
    async with place.session.request(
        method, place.url + path, headers=EACH, data=body, allow_redirects=False
    ) as response:
        await response.read()
    found = response.headers
    assert response.status == status
    assert {name: found.getall(name) for name in ALWAYS} == {name: [value] for name, value in ALWAYS.items()}
    assert "camera=()" in found["Permissions-Policy"]
    policy = found.getall("Content-Security-Policy")
    assert len(policy) == 1
    assert policy[0].startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy[0]
    assert found.getall("Cache-Control") == [cached(path, status)]
    assert not {"Server", "Via", "Strict-Transport-Security"} & found.keys()


def cached(path: str, status: int) -> str:
    """For ever what is named by its content, asked for again what is not, stored nowhere what is somebody's."""
    if path.startswith("/assets/") and status == 200:
        return "public, max-age=31536000, immutable"
    page = path in {"/", "/documents/1"} or path.startswith("/docs/")
    return "no-cache" if page and status == 200 else "no-store"


async def test_the_page_may_call_the_gateway_the_store_and_what_was_named_and_runs_nothing_inline(place: Place) -> None:
    async with place.session.get(place.url + "/") as response:
        policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
    assert policy["connect-src"] == f"'self' {place.settings.store_origin} https://login.example"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert "unsafe" not in str(policy)


async def test_the_drawn_documentation_alone_runs_scripts_and_only_those_beside_it(place: Place) -> None:
    found = {}
    for name in ("", "openapi.html"):
        async with place.session.get(f"{place.url}/docs/{name}") as response:
            found[name] = response.headers["Content-Security-Policy"]
    assert "script-src 'self'; " in found["openapi.html"]
    assert "worker-src blob:; " in found["openapi.html"]
    assert "script-src" not in found[""]


async def test_a_service_that_says_how_to_keep_its_answer_is_left_to_say_it(place: Place) -> None:
    async def kept(_: web.Request) -> web.Response:
        return web.json_response({}, headers={"Cache-Control": "private, max-age=5"})

    place.upload.answer = kept
    async with place.session.get(place.url + "/api/documents") as response:
        assert response.headers["Cache-Control"] == "private, max-age=5"


async def test_a_request_has_one_id_in_its_answer_in_the_log_and_at_the_service(place: Place) -> None:
    async with place.session.get(place.url + "/api/documents", headers={"X-Request-Id": "no good!"}) as response:
        given = response.headers["X-Request-Id"]
        assert (await response.json())["headers"]["X-Request-Id"] == given
    assert (await place.logged(given))["request_id"] == given
    assert given != "no good!"


async def test_the_log_holds_no_query_no_token_and_no_address_that_was_answered(place: Place) -> None:
    async def sent_elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://store/x?X-Amz-Signature=sig-nature"})

    place.upload.answer = sent_elsewhere
    secret = {"Authorization": "Bearer tok-en", "Cookie": "session=cook-ie", "X-Request-Id": "quiet"}
    url = f"{place.url}/api/documents/1/download?access_token=que-ry"
    async with place.session.get(url, headers=secret, allow_redirects=False) as response:
        assert response.headers["Location"].endswith("sig-nature")
    place.upload.answer = break_off
    for path in ("/api/documents?que-ry", "/nowhere?que-ry", "/?que-ry"):
        async with place.session.get(place.url + path, headers=secret) as response:
            await response.read()
    assert (await place.logged("quiet"))["request"]["uri"] == "/api/documents/1/download"
    whole = await place.log()
    assert [word for word in ("tok-en", "cook-ie", "sig-nature", "que-ry") if word in whole] == []


async def test_an_upstream_that_is_away_is_a_503_that_says_when_to_come_back(place: Place) -> None:
    place.upload.answer = break_off
    async with place.session.post(place.url + "/api/documents/upload-url") as response:
        assert (response.status, await response.json()) == (503, {"detail": "Service unavailable"})
        assert response.headers["Retry-After"] == "1"
