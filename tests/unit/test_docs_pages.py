"""The site is made of the checkout's Markdown, and asks no other origin for anything."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from deploy.docs.interfaces import events, http
from deploy.docs.links import CHECKOUT
from deploy.docs.origins import foreign, loaded
from deploy.docs.pages import page_text, place, sources

GENERATED = CHECKOUT / "contracts" / "generated"
KNOWN = {"docs/a.md", "services/x/README.md", "README.md"}


def as_page(text: str, source: str = "docs/b.md") -> str:
    return page_text(text, source, KNOWN.__contains__)


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("docs/index.md", "index.html"),
        ("docs/how-to/tls.md", "how-to/tls/index.html"),
        ("docs/adr/README.md", "adr/index.html"),
        ("docs/bench.svg", "bench.svg"),
        ("README.md", "overview/index.html"),
        ("CHANGELOG.md", "changelog/index.html"),
        ("services/upload/live/README.md", "services/upload/live/index.html"),
    ],
)
def test_a_file_has_its_place_in_the_site(source: str, where: str) -> None:
    assert place(source) == where


def test_no_two_files_are_at_one_place() -> None:
    places = [place(source) for source in sources(CHECKOUT)]
    assert len(places) == len(set(places))


def test_every_page_is_in_the_order_of_mkdocs_yml_but_the_decisions_which_are_in_their_own_list() -> None:
    ordered = set(re.findall(r": (\S+\.md)$", (CHECKOUT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE))
    pages = {source for source in sources(CHECKOUT) if source.endswith(".md")}
    decisions = {source for source in pages if re.match(r"docs/adr/\d{4}-", source)}
    assert ordered == pages - decisions
    listed = (CHECKOUT / "docs" / "adr" / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| \[(.+)\]\((\S+)\) \|$", listed, re.MULTILINE)
    titles = {f"docs/adr/{name}": f"# {number}. {title}" for number, title, name in rows}
    assert titles == {source: (CHECKOUT / source).read_text("utf-8").partition("\n")[0] for source in sorted(decisions)}


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("[a](a.md#b)", "[a](a.md#b)"),
        ("[x](../services/x)", "[x](../services/x/README.md)"),
        ("[x](../services/x/)", "[x](../services/x/README.md)"),
        ("see [the\ncode](../services/x/y.py), [a](a.md)", "see the\ncode, [a](a.md)"),
        ("[`y`](../y.py) and [`y`](../y.py)", "`y` and `y`"),
        ("[e](https://example.org) [h](#here)", "[e](https://example.org) [h](#here)"),
        ("`[x](../y.py)`", "`[x](../y.py)`"),
        ("words:\n- one\n- two", "words:\n\n- one\n- two"),
        ("- one\n  more\n- two", "- one\n  more\n- two"),
        ("```\nwords:\n- one\n```", "```\nwords:\n- one\n```"),
        ("| `a\\|b` | c\\|d |", "| `a|b` | c\\|d |"),
        ("```\n| `a\\|b` |\n```", "```\n| `a\\|b` |\n```"),
    ],
)
def test_a_text_is_made_a_page(text: str, page: str) -> None:
    assert as_page(text) == page


def test_a_page_at_the_root_finds_a_folders_readme() -> None:
    assert as_page("[x](services/x)", "README.md") == "[x](services/x/README.md)"


def test_every_call_is_in_the_table_of_the_api() -> None:
    openapi = json.loads((GENERATED / "openapi.json").read_text("utf-8"))
    table = http(openapi)
    calls = [f"`{method.upper()} {path}`" for path, ways in openapi["paths"].items() for method in ways]
    assert [call for call in calls if table.count(call) != 1] == []


def test_every_topic_event_and_field_is_in_the_tables_of_the_events() -> None:
    asyncapi = json.loads((GENERATED / "asyncapi.json").read_text("utf-8"))
    text = events(asyncapi)
    assert [name for name in asyncapi["channels"] if f"## {name}\n" not in text] == []
    for name, message in asyncapi["components"]["messages"].items():
        assert f"### {name}\n" in text
        schema = asyncapi["components"]["schemas"].get(message["payload"].get("$ref", "").rpartition("/")[2], {})
        assert [field for field in schema.get("properties", {}) if f"| `{field}` |" not in text] == []


@pytest.mark.parametrize(
    "html",
    [
        *('<script src="https://x.example/a.js"></script>', '<link rel="preconnect" href="//x.example">'),
        *('<img srcset="a.png 1x, https://x.example/b.png 2x">', '<div style="background: url(https://x.example/a)">'),
        *("<style>@import 'https://x.example/a.css';</style>", '<form action="HTTPS://x.example/">'),
        *('<meta http-equiv="refresh" content="0; url=https://x.example/">', '<video poster="https://x.example/a">'),
        '<object data="https://x.example/a"></object>',
    ],
)
def test_what_a_page_loads_from_elsewhere_is_found(tmp_path: Path, html: str) -> None:
    (tmp_path / "page.html").write_text(html)
    [found] = foreign(tmp_path)
    assert found.lower().startswith(("page.html: https://x.example", "page.html: //x.example"))


def test_what_a_style_sheet_or_a_picture_loads_from_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a { background: url('https://x.example/a.png') } @import \"b.css\";")
    (tmp_path / "b.svg").write_text('<svg><image href="https://x.example/b.png"/></svg>')
    assert list(foreign(tmp_path)) == ["a.css: https://x.example/a.png", "b.svg: https://x.example/b.png"]


def test_links_for_people_and_files_of_its_own_are_no_request(tmp_path: Path) -> None:
    html = '<a href="https://x.example">x</a><script src="../a.js"></script><img src="data:image/png;base64,AA==">'
    (tmp_path / "page.html").write_text(html)
    assert list(foreign(tmp_path)) == []
    assert loaded(html)[0] == "../a.js"
