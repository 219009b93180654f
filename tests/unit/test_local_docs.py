"""The documentation under /docs: what is downloaded for it, and the page of the events."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from deploy.local.asyncapi_page import render, type_of
from deploy.local.docs_pages import CONTRACTS, PAGES, write_docs
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.provision_docs import REDOC, SCRIPT, local_script
from deploy.local.provision_npm import NpmPackage, check, unpack

PICTURE = b'x("img",{alt:"redocly logo",onError:()=>t(!1),src:"https://cdn.example/logo.svg"})'


def tarball(folder: Path, **files: str) -> Path:
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def package(tgz: Path, *files: str) -> NpmPackage:
    digest = base64.b64encode(hashlib.sha512(tgz.read_bytes()).digest()).decode()
    return NpmPackage("thing", "A thing", "1.0.0", f"sha512-{digest}", files)


def test_only_the_files_that_are_wanted_are_taken_from_a_package(tmp_path: Path) -> None:
    tgz = tarball(tmp_path, package__b__a="one", package__c="two", evil="three")
    (tmp_path / "out").mkdir()
    wanted = package(tgz, "b/a")
    check(wanted, tgz.read_bytes())
    unpack(wanted, tgz, tmp_path / "out")
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {"a": "one"}


def test_a_package_that_is_another_than_was_pinned_is_not_unpacked(tmp_path: Path) -> None:
    tgz = tarball(tmp_path, package__a="one")
    with pytest.raises(StackError, match=r"thing 1\.0\.0 has the hash sha512-.*: it was not installed"):
        check(package(tgz), tgz.read_bytes() + b"x")


def test_a_package_without_its_file_says_which(tmp_path: Path) -> None:
    tgz = tarball(tmp_path, package__a="one")
    with pytest.raises(StackError, match=r"thing 1\.0\.0 holds no b"):
        unpack(package(tgz, "b"), tgz, tmp_path)


def test_the_script_asks_nobody_for_a_picture(tmp_path: Path) -> None:
    (tmp_path / SCRIPT).write_bytes(PICTURE)
    assert b'src:"data:,https://cdn.example/logo.svg"' in local_script(tmp_path)
    (tmp_path / SCRIPT).write_bytes(PICTURE * 2)
    with pytest.raises(StackError, match="is not the one"):
        local_script(tmp_path)
    assert REDOC.integrity.startswith("sha512-")


def test_the_pages_are_written_and_left_alone_where_they_are_as_they_should_be(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "state")
    layout.prepare()
    (tmp_path / SCRIPT).write_bytes(PICTURE)
    folder = write_docs(layout, tmp_path) / "docs"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert before.keys() == {path.name for path in PAGES.iterdir()} | {
        *("asyncapi.html", "asyncapi.json", "openapi.json", SCRIPT)
    }
    write_docs(layout, tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize("page", [*(path.name for path in PAGES.iterdir()), "asyncapi.html"])
def test_no_page_asks_for_anything_of_another_origin_or_runs_anything_inline(page: str) -> None:
    text = (PAGES / page).read_text() if (PAGES / page).is_file() else render(events())
    assert re.findall(r"(?:src|href)=[\"']?(?:https?:)?//|url\(|@import", text) == []
    assert re.findall(r"<style|style=|<script>|\son[a-z]+=", text) == []


def events() -> dict[str, object]:
    found: dict[str, object] = json.loads((CONTRACTS / "asyncapi.json").read_text())
    return found


def test_the_events_page_shows_every_topic_message_and_field_and_every_link_leads_somewhere() -> None:
    document = json.loads((CONTRACTS / "asyncapi.json").read_text())
    page = render(document)
    names = [*document["channels"], *document["components"]["messages"], *document["components"]["schemas"]]
    fields = [name for schema in document["components"]["schemas"].values() for name in schema.get("properties", {})]
    assert [name for name in (*names, *fields) if name not in page] == []
    anchors, links = set(re.findall(r' id="([^"]+)"', page)), set(re.findall(r'href="#([^"]+)"', page))
    assert links <= anchors
    assert len(re.findall(r' id="', page)) == len(anchors)


def test_whatever_the_events_say_is_text() -> None:
    evil = "<script>alert(1)</script>\"'"
    document = {
        "info": {"title": evil, "version": evil, "description": evil},
        "channels": {evil: {"description": evil, "messages": {evil: {}}}},
        "operations": {"x": {"channel": {"$ref": f"#/channels/{evil}"}, "summary": evil}},
        "components": {
            "messages": {evil: {"summary": evil, "examples": [{"payload": {evil: evil}}]}},
            "schemas": {evil: {"description": evil, "properties": {evil: {"type": evil, "description": evil}}}},
        },
    }
    assert "<script" not in render(document)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "format": "uuid"}, "string (uuid)"),
        ({"type": "integer", "minimum": 0}, 'integer <span class="quiet">minimum <code>0</code></span>'),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": "array", "items": {"const": "a"}}, "array of <code>a</code>"),
        ({"enum": ["a", "b"]}, "<code>a</code> or <code>b</code>"),
        ({}, "anything"),
    ],
)
def test_a_schema_is_a_few_words(schema: dict[str, object], words: str) -> None:
    assert type_of(schema) == words
