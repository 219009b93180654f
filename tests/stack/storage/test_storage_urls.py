"""Presigned URLs on a real MinIO, as a browser uses them."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession

from services.chassis.storage_minio import MinioStorage
from tests.stack.minio_alone import BUCKET, MinioAlone, Sink, new_key, read


@pytest.mark.parametrize("content_type", [None, "application/pdf", "a/b; charset=x", ""])
async def test_a_bare_put_to_the_signed_url_works_whatever_its_type(
    storage: MinioStorage, minio: MinioAlone, content_type: str | None
) -> None:
    key = new_key(".pdf")
    url = await storage.generate_presigned_put_url(key)
    assert url.startswith(f"http://localhost:{minio.port}/{BUCKET}/{key}?")
    assert "X-Amz-Expires=900" in url
    headers = {} if content_type is None else {"Content-Type": content_type}
    async with ClientSession() as browser:
        assert (await browser.put(url, data=b"bytes", headers=headers)).status == 200
    assert await read(storage, key) == b"bytes"


async def test_a_signed_url_opens_its_own_key_and_method_only(storage: MinioStorage) -> None:
    key, other = new_key(), new_key()
    url = await storage.generate_presigned_put_url(key)
    async with ClientSession() as browser:
        assert (await browser.put(url.replace(key, other), data=b"bytes")).status == 403
        assert (await browser.get(url)).status == 403
        assert (await browser.delete(url)).status == 403


async def test_a_read_url_makes_browsers_save_the_file_under_its_name(storage: MinioStorage) -> None:
    key = new_key(".html")
    await storage.put_object(key, b"<script>", "text/html")
    async with ClientSession() as browser:
        named = await browser.get(await storage.presigned_get_url(key, download_name='Zoë "x"\r\n.html'))
        plain = await browser.get(await storage.presigned_get_url(key, expires_minutes=1))
    assert await named.read() == b"<script>"
    assert named.headers["Content-Disposition"] == (
        "attachment; filename=\"Zo_ _x___.html\"; filename*=UTF-8''Zo%C3%AB%20%22x%22__.html"
    )
    assert plain.headers["Content-Disposition"] == "attachment"


async def put(url: str, data: bytes, headers: dict[str, str] | None = None) -> int:
    async with ClientSession() as browser, browser.put(url, data=data, headers=headers) as response:
        return response.status


ONCE = {"If-None-Match": "*"}


@pytest.mark.parametrize("size", [0, 1, 1000])
async def test_a_bound_url_takes_these_many_bytes_once(storage: MinioStorage, size: int) -> None:
    key = new_key()
    url = await storage.presigned_upload_url(key, 60, size)
    assert await put(url, b"x" * (size + 1), ONCE) == 403
    assert await put(url, b"x" * size) == 400  # what was signed is missing
    assert await put(url, b"x" * size, ONCE) == 200
    assert await put(url, b"y" * size, ONCE) == 412
    assert await read(storage, key) == b"x" * size


async def test_a_bound_url_is_of_no_use_for_another_length_or_key(storage: MinioStorage) -> None:
    key, other = new_key(), new_key()
    url = await storage.presigned_upload_url(key, 60, 5)
    for wrong in (url.replace(key, other), url.replace("content-length%3B", ""), url.replace("%3Bif-none-match", "")):
        assert wrong != url
        assert await put(wrong, b"12345", ONCE) == 403


async def test_a_url_carries_a_trace_that_the_object_keeps_and_nobody_can_change(
    storage: MinioStorage, servers: tuple[MinioAlone, Sink]
) -> None:
    key, trace = new_key(), f"00-{'a' * 32}-{'b' * 16}-01"
    url = await storage.presigned_upload_url(key, 60, 5, trace)
    assert await put(url.replace(trace, trace[:-1] + "0"), b"12345", ONCE) == 403
    assert await put(url, b"12345", {**ONCE, "x-amz-meta-traceparent": trace[:-1] + "0"}) == 400  # it was not signed
    assert await put(url, b"12345", ONCE) == 200
    told = servers[1].wait_for(key[-20:])["s3"]["object"]
    assert told["userMetadata"]["X-Amz-Meta-traceparent"] == trace


async def test_a_url_lives_for_its_seconds(storage: MinioStorage) -> None:
    key = new_key()
    assert "X-Amz-Expires=61&" in await storage.presigned_upload_url(key, 61)
    assert await put(await storage.presigned_upload_url(key, 61), b"bare") == 200


HOSTILE = [
    ('a"; filename="b.exe', "a__ filename=_b.exe"),
    ("a\r\nSet-Cookie: x=1", "a__Set-Cookie_ x=1"),
    ("../../etc/passwd", ".._.._etc_passwd"),
    ("invoice\u202egpj.exe", "invoicegpj.exe"),
    ("50%2f.txt", "50_2f.txt"),
    ("\u6587\u4ef6 \U0001f4c4.pdf", "__ _.pdf"),
    ("UTF-8''x.txt", "UTF-8__x.txt"),
]


@pytest.mark.parametrize(("name", "plain"), HOSTILE)
async def test_a_hostile_name_stays_inside_its_header(storage: MinioStorage, name: str, plain: str) -> None:
    key = new_key()
    await storage.put_object(key, b"<script>", "text/html")
    async with ClientSession() as browser:
        answer = await browser.get(await storage.presigned_download_url(key, 60, name, "text/html"))
    disposition = answer.headers["Content-Disposition"]
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/octet-stream")
    assert disposition.startswith(f"attachment; filename=\"{plain}\"; filename*=UTF-8''")
    assert disposition.count(";") == 2
    assert "Set-Cookie" not in answer.headers


async def test_a_name_as_long_as_names_may_be_makes_a_url_that_works(storage: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, b"bytes")
    url = await storage.presigned_download_url(key, 60, "\U0001f4c4" * 1000 + ".pdf", "application/pdf")
    assert len(url) < 4096
    async with ClientSession() as browser:
        answer = await browser.get(url)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].endswith(".pdf")


async def test_what_a_download_says_of_itself_cannot_be_changed(storage: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, b"<script>", "text/html")
    url = await storage.presigned_download_url(key, 60, "a.html", "text/html")
    for wrong in (url.replace("octet-stream", "html"), url.replace("attachment", "inline")):
        assert wrong != url
        async with ClientSession() as browser:
            assert (await browser.get(wrong)).status == 403
