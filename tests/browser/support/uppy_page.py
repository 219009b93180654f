"""A page with Uppy on it, at the API's origin, and what the API and the store have of its uploads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen
from uuid import UUID

from playwright.sync_api import Page, Request, expect

from deploy.local.info import StackInfo
from deploy.local.waiting import run_async
from deploy.ops.audit import servers_of
from deploy.ops.audit_uploads import open_uploads
from tests.browser.support.uppy_build import BASE
from tests.browser.support.visit import WAIT_MS, Visit
from tests.stack.support.bucket import open_bucket

THRESHOLD: Final = 6 * 1024 * 1024
"""Larger files go in parts."""
LOWER: Final = (
    "(most) => uppy.iteratePlugins((one) => one.setOptions({ shouldUseMultipart: ({ size }) => size > most }))"
)
SECONDS: Final = 30


@dataclass
class UppyPage:
    """One tab. `parts` are the numbers of the parts that went to the store, `store` all paths that were asked there."""

    visit: Visit
    built: Path
    store_origin: str
    token: str = ""
    parts: list[int] = field(default_factory=list)
    store: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._note)

    @property
    def page(self) -> Page:
        return self.visit.page

    def sign_in(self, token: str) -> None:
        self.token = token
        self.page.add_init_script(f"globalThis.token = async () => {json.dumps(token)}")
        self.open()

    def reload_with(self, path: Path) -> None:
        """Loads the page anew, and chooses the file again, with what docs/clients.md says is kept of it."""
        kept = self.page.evaluate("(({ s3Multipart, meta }) => ({ s3Multipart, meta }))(uppy.getFiles()[0])")
        self.open()
        self.choose(path)
        self.page.evaluate("(kept) => uppy.setFileState(uppy.getFiles()[0].id, kept)", kept)

    def open(self) -> None:
        """Loads the page, anew where it was open.

        It is the gateway's own, with its policy; only the script that takes its place comes from the test. All else
        goes its real way: while a page has routes, Playwright answers the preflights.
        """
        [script] = (self.built / "assets").glob("*.js")
        self.page.goto(self.visit.url)
        self.page.route(f"{self.visit.url}{BASE}{script.name}", lambda route: route.fulfill(path=script))
        self.page.add_script_tag(url=f"{BASE}{script.name}", type="module")
        self.page.unroute_all()
        self.page.evaluate(LOWER, THRESHOLD)

    def choose(self, *paths: Path) -> None:
        self.page.get_by_label("Files").set_input_files(paths)

    def start(self) -> None:
        self.page.evaluate("void uppy.upload().catch(() => {})")

    def at_the_next_part(self, then: str) -> None:
        """Runs a script in the very moment in which Uppy tells of a part that it has sent."""
        self.page.evaluate(f"void uppy.once('s3-multipart:part-uploaded', () => {{ {then} }})")

    def go_on(self) -> None:
        self.page.evaluate("uppy.resumeAll()")

    def until(self, what: str, count: int = 1) -> None:
        """Waits until Uppy has told so many times that a file was `sent`, has `failed`, or of a `part`."""
        expect(self.page.locator(f"li.{what}")).to_have_count(count, timeout=WAIT_MS)

    def told(self, what: str) -> list[Any]:
        """The name of the file, and `more`: of a failure the detail, of a part its number."""
        return [json.loads(text) for text in self.page.locator(f"li.{what}").all_text_contents()]

    @contextmanager
    def decided(self) -> Iterator[None]:
        """Waits at the block's end until the example has heard that a document is stored."""
        with self.page.expect_response(
            lambda said: said.url.endswith("/confirm") and said.status == 200, timeout=WAIT_MS
        ):
            yield

    def documents(self) -> list[dict[str, Any]]:
        """All that the user has, pending ones too."""
        return list(self._get("/api/documents")["items"])

    def parts_of(self, document_id: str) -> set[int]:
        """The numbers of the parts that the store holds."""
        return {part["PartNumber"] for part in self._get(f"/api/documents/multipart/{document_id}/parts")}

    def content(self, document_id: str) -> bytes:
        """The document's bytes, downloaded."""
        url = self._get(f"/api/documents/{document_id}/download")["url"]
        with urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - the stack's own store
            return bytes(answer.read())

    def _get(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        answer = self.page.request.get(f"{self.visit.url}{path}", headers=headers)
        assert answer.ok, answer.text()
        return answer.json()

    def _note(self, asked: Request) -> None:
        if not asked.url.startswith(self.store_origin):
            return
        self.store.append(asked.url.partition("?")[0])
        if asked.method == "PUT":
            self.parts += [int(number) for number in re.findall(r"partNumber=(\d+)", asked.url)]


async def held(info: StackInfo, user: UUID, key: str) -> set[str]:
    """The user's objects, and what is open in parts under the key, past the services."""
    async with open_bucket(info) as bucket, open_uploads(servers_of(info)) as uploads:
        return await bucket.of(user) | {each.upload_id for each in await uploads.list_uploads(key)}


def what_is_held(info: StackInfo, user: UUID, key: str) -> set[str]:
    """The same, for those who wait."""
    return run_async(held(info, user, key))
