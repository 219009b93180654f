"""Downloads, on a real database and store: where the bytes are, for a minute, and under which name they are saved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID, uuid4

import aiohttp
import pytest
import yarl
from structlog.testing import capture_logs

from tests.stack.upload_service import Service, open_service

NOT_FOUND = (404, {"detail": "Document not found"})


@pytest.fixture
async def service(stack: Any, database: str) -> AsyncIterator[Service]:
    async with open_service(stack.info, database) as opened:
        yield opened


async def stored(service: Service, user: UUID, data: bytes, name: str, content_type: str = "text/plain") -> str:
    body = {"filename": name, "content_type": content_type}
    _, answer = await service.call("POST", "/api/documents/upload-url", user, body)
    async with service.session.put(answer["upload_url"], data=data, headers={"Content-Type": content_type}) as put:
        assert put.status == 200
    assert (await service.confirm(user, answer["document_id"]))[0] == 200
    return str(answer["document_id"])


async def where(service: Service, user: UUID, document: str) -> str:
    async with service.raw("GET", f"/api/documents/{document}/download", user) as response:
        assert (response.status, response.headers["Cache-Control"], await response.read()) == (302, "no-store", b"")
        return str(response.headers["Location"])


async def fetch(url: str) -> tuple[int, bytes, dict[str, str]]:
    async with aiohttp.ClientSession() as browser, browser.get(yarl.URL(url, encoded=True)) as response:
        return response.status, await response.read(), dict(response.headers)


async def test_a_document_is_fetched_from_the_store_under_its_own_name(service: Service) -> None:
    user = uuid4()
    document = await stored(service, user, b"bytes", "Zoë's report.txt")
    status, data, headers = await fetch(await where(service, user, document))
    assert (status, data, headers["Content-Type"]) == (200, b"bytes", "text/plain")
    plain, whole = headers["Content-Disposition"].removeprefix('attachment; filename="').split("\"; filename*=UTF-8''")
    assert (plain, unquote(whole)) == ("Zo__s report.txt", "Zoë's report.txt")


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript"])
async def test_what_a_browser_would_run_is_only_bytes(service: Service, content_type: str) -> None:
    user = uuid4()
    document = await stored(service, user, b"<script>alert(1)</script>", "a.html", content_type)
    _, _, headers = await fetch(await where(service, user, document))
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ('x"; filename="evil.exe', 'x"; filename="evil.exe'),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("文件 \U0001f4c4.pdf", "文件 \U0001f4c4.pdf"),
        ("%0d%0aSet-Cookie: x=1", "%0d%0aSet-Cookie: x=1"),
        ("a'; DROP TABLE documents; --", "a'; DROP TABLE documents; --"),
        ("\U0001f4c4" * 1000, "\U0001f4c4" * 50),
    ],
)
async def test_a_hostile_name_names_the_file_and_nothing_else(service: Service, name: str, saved: str) -> None:
    user = uuid4()
    document = await stored(service, user, b"x", name)
    url = await where(service, user, document)
    status, _, headers = await fetch(url)
    assert (status, "Set-Cookie" in headers, len(url) < 4096) == (200, False, True)
    assert unquote(headers["Content-Disposition"].partition("filename*=UTF-8''")[2]) == saved
    assert headers["Content-Disposition"].count('"') == 2


async def test_the_url_lives_for_a_minute_and_opens_nothing_else(service: Service) -> None:
    user = uuid4()
    one, other = await stored(service, user, b"1", "a.txt"), await stored(service, user, b"2", "b.txt")
    url, elsewhere = await where(service, user, one), await where(service, user, other)
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["60"]
    path, aside = urlsplit(url).path, urlsplit(elsewhere).path
    for wrong in (url.replace(path, aside), url.replace("X-Amz-Expires=60", "X-Amz-Expires=600")):
        assert (await fetch(wrong))[0] == 403


@pytest.mark.parametrize("accept", ["application/json", "text/html, Application/JSON; q=0.5"])
async def test_who_wants_json_is_told_the_url_instead_of_led_to_it(service: Service, accept: str) -> None:
    user = uuid4()
    document = await stored(service, user, b"bytes", "a.txt")
    async with service.raw("GET", f"/api/documents/{document}/download", user, Accept=accept) as response:
        answer = await response.json()
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")
    assert (await fetch(answer["url"]))[:2] == (200, b"bytes")
    assert datetime.fromisoformat(answer["expires_at"]) <= datetime.now(UTC) + timedelta(seconds=60)


async def test_before_there_are_bytes_there_is_nothing_to_fetch(service: Service) -> None:
    user = uuid4()
    document = await service.upload(user)
    status, answer = await service.call("GET", f"/api/documents/{document}/download", user)
    assert (status, list(answer)) == (409, ["detail"])


async def test_a_foreign_deleted_refused_or_malformed_document_is_not_found(service: Service) -> None:
    user = uuid4()
    document, refused = await stored(service, user, b"x", "a.txt"), await service.upload(user, b"x" * 2000)
    assert (await service.confirm(user, refused))[0] == 413
    assert await service.call("GET", f"/api/documents/{document}/download", uuid4()) == NOT_FOUND
    await service.call("DELETE", f"/api/documents/{document}", user)
    for each in (document, refused, str(uuid4()), "1", "%00"):
        path = yarl.URL(f"/api/documents/{each}/download", encoded=True)
        assert await service.call("GET", path, user) == NOT_FOUND


async def test_no_log_line_holds_the_url(service: Service) -> None:
    user = uuid4()
    document = await stored(service, user, b"x", "a.txt")
    with capture_logs() as logs:
        await where(service, user, document)
    assert [line["route"] for line in logs if "route" in line] == ["/api/documents/{id}/download"]
    assert "X-Amz" not in repr(logs)
    assert "http://" not in repr(logs)
