"""The site is built as `make docs` builds it, without a warning, and holds in a browser what it promises."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, expect

from deploy.docs.links import CHECKOUT
from deploy.docs.origins import foreign
from deploy.docs.pages import place, sources


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and tells nobody."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        del format, args


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once, elsewhere than a person's own."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    command = ["make", "--no-print-directory", "docs", f"ARGS=--site {folder}"]
    ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)  # noqa: S603 - our make
    assert ran.returncode == 0, ran.stderr
    return folder


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """Where a browser finds it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_every_page_is_there_and_asks_no_other_origin(site: Path) -> None:
    assert [source for source in sources(CHECKOUT) if not (site / place(source)).is_file()] == []
    assert list(foreign(site)) == []
    assert [path.name for path in site.rglob("bundle.*.js") if '"https://' in path.read_text("utf-8")] == []


def test_the_reference_has_the_words_of_the_docstrings(site: Path) -> None:
    client = (site / "reference" / "client" / "index.html").read_text("utf-8")
    assert "Calls the API at" in client
    assert 'id="docuvault_client.DocuvaultClient.upload_many"' in client
    contracts = (site / "reference" / "contracts" / "index.html").read_text("utf-8")
    assert "the files, in the order in which they take up room" in contracts


def test_every_diagram_is_drawn_by_a_script_of_the_site(address: str, context: BrowserContext) -> None:
    page = context.new_page()
    asked: list[str] = []
    troubles: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            troubles.append(message.text)

    page.on("request", lambda request: asked.append(request.url))
    page.on("console", note)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{address}explanation/")
    written = (CHECKOUT / "docs" / "explanation.md").read_text("utf-8").count("```mermaid")
    expect(page.locator("div.mermaid")).to_have_count(written)  # a `pre` until it is drawn
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert troubles == []
    page.close()
