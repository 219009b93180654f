"""The site is built as `make docs` builds it, without a warning, and holds what it promises."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from deploy.docs.origins import foreign
from deploy.docs.pages import place, sources
from tests.stack.support.console import CHECKOUT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once, elsewhere than a person's own."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    command = ["make", "--no-print-directory", "docs", f"ARGS=--site {folder}"]
    ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)  # noqa: S603 - our make
    assert ran.returncode == 0, ran.stderr
    return folder


def test_every_page_is_there_and_asks_no_other_origin(site: Path) -> None:
    assert [source for source in sources(CHECKOUT) if not (site / place(source)).is_file()] == []
    assert list(foreign(site)) == []
    assert [path.name for path in site.rglob("*.js") if '"https://unpkg.com' in path.read_text("utf-8")] == []


def test_diagrams_are_drawn_by_a_script_of_the_site(site: Path) -> None:
    for page in sorted(site.rglob("index.html")):
        text = page.read_text("utf-8")
        scripts = re.findall(r'<script src="([^"]*mermaid[^"]*)"', text)
        assert len(scripts) == ('class="mermaid"' in text), page
        assert all((page.parent / script).is_file() for script in scripts)
    assert (site / "explanation" / "index.html").read_text("utf-8").count('class="mermaid"') > 5


def test_the_reference_has_the_words_of_the_docstrings(site: Path) -> None:
    client = (site / "reference" / "client" / "index.html").read_text("utf-8")
    assert "Calls the API at" in client
    assert 'id="docuvault_client.DocuvaultClient.upload_many"' in client
    contracts = (site / "reference" / "contracts" / "index.html").read_text("utf-8")
    assert "the files, in the order in which they take up room" in contracts
