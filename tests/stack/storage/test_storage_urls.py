"""Presigned URLs on a real MinIO, as a browser uses them."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession

from services.chassis.storage_minio import MinioStorage
from tests.stack.minio_alone import BUCKET, MinioAlone, new_key, read


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
    assert named.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Zo%C3%AB%20%22x%22%0D%0A.html"
    assert plain.headers["Content-Disposition"] == "attachment"
