"""The page: served as it is, nothing beside it, and every address inside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stack.gateway_page import INDEX, SCRIPT, SECRET, small_page
from tests.stack.gateway_place import Place, gateway_place

pytestmark = pytest.mark.embedded("the gateway's process alone, with a configuration of its own; no stack")

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with gateway_place(tmp_path, page=small_page(tmp_path)) as found:
        yield found


@pytest.mark.parametrize(
    ("path", "content"),
    [("/", INDEX), ("/index.html", INDEX), ("/assets/app.0a1b2c.js", SCRIPT), ("/messages/de.json", "{}")],
)
async def test_a_file_is_served_whoever_asks(place: Place, path: str, content: str) -> None:
    async with place.session.get(place.url + path) as response:
        assert (response.status, await response.text()) == (200, content)


async def test_a_file_that_is_there_already_is_not_sent_again(place: Place) -> None:
    async with place.session.get(place.url + "/assets/app.0a1b2c.js") as response:
        tag = response.headers["ETag"]
    async with place.session.get(place.url + "/assets/app.0a1b2c.js", headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")


@pytest.mark.parametrize("path", ["/documents", "/documents/0b1c", "/settings/topics?new", "/apiary", "/docsx"])
async def test_an_address_in_the_page_is_the_page_for_a_browser_and_nothing_for_others(place: Place, path: str) -> None:
    async with place.session.get(place.url + path, headers=HTML) as response:
        assert (response.status, await response.text()) == (200, INDEX)
        assert response.headers["Cache-Control"] == "no-cache"
    async with place.session.get(place.url + path) as response:
        assert (response.status, await response.json()) == (404, {"detail": "Not found"})


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/docs/nothing", "/assets/nothing.js", "/assets/"])
async def test_what_is_not_in_the_page_is_missing_for_a_browser_too(place: Place, path: str) -> None:
    async with place.session.get(place.url + path, headers=HTML) as response:
        assert (response.status, await response.json()) == (404, {"detail": "Not found"})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_but_reading_is_done_to_a_file(place: Place, method: str) -> None:
    for path in ("/", "/assets/app.0a1b2c.js", "/documents"):
        async with place.session.request(method, place.url + path, headers=HTML) as response:
            assert response.status == 404


HIDDEN = (
    *("/assets/app.0a1b2c.js.map", "/favicon.svg.map", "/assets/.hidden.js", "/.env", "/.git/config", "/.git/"),
    *("/%2eenv", "/assets/%2ehidden.js", "/assets/../.env", "/assets//.hidden.js", "/assets/app.0a1b2c.js%2emap"),
)


async def test_source_maps_and_hidden_files_are_served_to_nobody(place: Place) -> None:
    for path in HIDDEN:
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n"
        answer = await place.raw(request.encode())
        assert SECRET.encode() not in answer, path
        assert answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 308", b"HTTP/1.1 400")), path


WAYS_OUT = (
    *("../secret.txt", "../../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "%2e%2e%2fsecret.txt"),
    *("..%5csecret.txt", "..\\secret.txt", "%252e%252e/secret.txt", "....//secret.txt", "..;/secret.txt"),
    *("..%00/secret.txt", "%c0%ae%c0%ae/secret.txt", "./.././secret.txt"),
)


@pytest.mark.parametrize("start", ["/", "/assets/", "/docs/", "/messages/", "//"])
async def test_no_path_leads_out_of_the_page(place: Place, start: str) -> None:
    for way in WAYS_OUT:
        answer = await place.raw(f"GET {start}{way} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 "), way
        assert b" 200 " not in answer.partition(b"\r\n")[0], way
        assert SECRET.encode() not in answer, way


async def test_without_a_page_there_is_nothing_at_its_place(tmp_path: Path) -> None:
    async with gateway_place(tmp_path) as place, place.session.get(place.url + "/", headers=HTML) as response:
        assert (response.status, await response.json()) == (404, {"detail": "Not found"})
