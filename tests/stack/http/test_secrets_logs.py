"""No log of any process holds a signature, a token or a secret, whatever was asked of the stack.

Every module of this folder is held to it when it ends; this one asks for what is most likely to be logged: what fails.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.stack.support.api import Api
from tests.stack.support.leaks import HandedOut, find_leaks, secrets_in

SIGNATURE = "ab" * 32
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


async def test_no_log_tells_a_secret_after_all_that_can_go_wrong(api: Api, stack: Stack, handed_out: HandedOut) -> None:
    user, nobody = await api.user(limit_bytes=100), api.stranger()
    for upload in (await user.store(b"x" * 50), await user.put_new(b"y" * 51), await nobody.put_new(b"z")):
        await user.confirm(upload.document_id)
        await user.at_url("GET", upload.url)
        await user.at_url("PUT", upload.url + "0", b"x")
        await user.delete(upload.document_id)
    await _ask_what_fails(api)
    assert handed_out.tokens
    assert handed_out.signatures
    stack.keep_logs()
    assert find_leaks(stack.layout.logs, handed_out, secrets_in(stack.layout.secrets)) == []


async def _ask_what_fails(api: Api) -> None:
    """A presigned URL and a token where they do not belong: in paths, queries, bodies and headers of the API."""
    user, upload = await api.user(), await (await api.user()).begin()
    token = api.stranger().authorization["Authorization"].removeprefix("Bearer ")
    query = upload.url.partition("?")[2]
    for path in (
        f"/api/documents?{query}",
        f"/nothing?{query}",
        f"/api/documents?cursor={token}",
        f"/api?token={token}",
    ):
        await user.call("GET", path)
    await user.send("POST", "/api/documents/upload-url", {"filename": upload.url, "content_type": token})
    await user.call("GET", "/api/documents", headers={"Referer": upload.url, "X-Request-Id": token, "Cookie": token})
    await api.bearer(token[:-4]).list()


async def test_every_process_has_a_log_that_was_searched(stack: Stack) -> None:
    stack.keep_logs()
    written = {path.stem for path in stack.layout.logs.glob("*.log") if path.stat().st_size}
    assert {"gateway", "upload-1", "quota-1", "janitor-1"} <= written


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (f"PUT /documents/k?X-Amz-Signature={SIGNATURE} 200", ["the signature of a URL"]),
        (f'{{"sig": "{SIGNATURE}"}}', ["the signature of a URL"]),
        (f"Authorization: Bearer {TOKEN}", ["a token"]),
        ("password=correct-horse-battery", ["a secret of the stack"]),
        ("PUT /documents/k?X-Amz-Signature=[redacted] sha256 " + "cd" * 32, []),
    ],
)
def test_the_search_finds_what_it_searches_for(tmp_path: Path, line: str, what: list[str]) -> None:
    (tmp_path / "some.log").write_text(f"first\n{line}\n")
    found = find_leaks(tmp_path, HandedOut(signatures={SIGNATURE}), {"correct-horse-battery"})
    assert [(leak.line, leak.what) for leak in found] == [(2, each) for each in what]
