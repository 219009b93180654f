"""File names as hostile as they come: each has a defined answer, and none reaches further than the database."""

from __future__ import annotations

import asyncio

import pytest
from docuvault_contracts.keys import parse_key

from tests.stack.support.api import Api, Client, Upload
from tests.stack.support.waiting import eventually

KEPT = {
    "../../etc/passwd": "passwd",
    "/abs/olute/x.txt": "x.txt",
    "C:\\Users\\me\\Report.PDF": "Report.PDF",
    "..\\..\\boot.ini": "boot.ini",
    "a/../../b.txt": "b.txt",
    "file:///etc/shadow": "shadow",
    "%2e%2e%2fetc%2fpasswd": "%2e%2e%2fetc%2fpasswd",
    "...": "...",
    " padded.txt ": "padded.txt",
    "'; DROP TABLE documents; --.txt": "'; DROP TABLE documents; --.txt",
    "<script>alert(1)</script>.html": "script>.html",
    "{0}%s%n${jndi:ldap:x}.txt": "{0}%s%n${jndi:ldap:x}.txt",
    "invoice\u202efdp.exe": "invoice\u202efdp.exe",
    "zero\u200bwidth\ufeff.txt": "zero\u200bwidth\ufeff.txt",
    "e\u0301.txt": "e\u0301.txt",
    "日本語.テキスト": "日本語.テキスト",
    "👩‍👩‍👧‍👦.🎉": "👩‍👩‍👧‍👦.🎉",
    "Z" + "\u0350" * 500 + ".txt": "Z" + "\u0350" * 500 + ".txt",
    "n" * 1024: "n" * 1024,
    "👾" * 1024: "👾" * 1024,
    "a." + "s" * 900: "a." + "s" * 900,
}
REFUSED = (
    "a\0b.txt",
    "\0",
    "a\nb.txt",
    "a\rb.txt",
    "a\tb.txt",
    "a\x1b[31m.txt",
    "a\x7f.txt",
    "a\x85.txt",
    "a\u2028b.txt",
    "\ud800.txt",
    "a.\udfff",
    ".",
    "..",
    "/",
    "a/..",
    "folder/",
    "\\",
    "   ",
    "n" * 1025,
    "n" * 10_000,
    "👾" * 10_000,
)
AWKWARD_SUFFIXES = (
    "a.b c",
    "a.+plus",
    "a.%2f",
    "a.&=?#",
    "a.ü",
    "a.テキスト",
    "a.🎉",
    "a.~!*'()",
    'a."<>',
    "a.;:@$,",
    "a.%",
)


@pytest.mark.parametrize("filename", KEPT, ids=ascii)
async def test_of_a_path_the_last_component_is_the_name(api: Api, filename: str) -> None:
    user = await api.user()
    upload = await user.begin(filename)
    assert (await user.get(upload.document_id)).body["filename"] == KEPT[filename]
    key = parse_key(upload.key)
    assert key is not None
    assert len(key.ext.encode()) <= 64
    assert key.ext.isprintable()


@pytest.mark.parametrize("filename", REFUSED, ids=lambda name: ascii(name[:12]))
async def test_what_no_file_is_called_is_a_422_that_names_the_field(api: Api, filename: str) -> None:
    user = await api.user()
    answer = await user.upload_url(filename)
    assert answer.status == 422
    assert answer.body["detail"][0]["loc"] == ["body", "filename"]
    assert (await user.list()).body["items"] == []


async def test_a_suffix_that_must_be_escaped_finds_its_document_by_confirm(api: Api) -> None:
    user = await api.user()
    await asyncio.gather(*(user.store(b"12345", name) for name in AWKWARD_SUFFIXES))
    assert await user.used_bytes() == 5 * len(AWKWARD_SUFFIXES)


async def test_a_suffix_that_must_be_escaped_finds_its_document_by_notification_alone(api: Api) -> None:
    user = await api.user()
    uploads = await asyncio.gather(*(user.put_new(b"12345", name) for name in AWKWARD_SUFFIXES))
    await asyncio.gather(*(_is_uploaded(user, upload) for upload in uploads))
    assert await user.used_bytes() == 5 * len(AWKWARD_SUFFIXES)


async def _is_uploaded(user: Client, upload: Upload) -> None:
    async def status() -> str | int:
        return await user.status_of(upload)

    await eventually(status, becomes="uploaded")
