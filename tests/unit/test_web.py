"""The page's own unit tests, and how it is built: what it depends on, and with which Node."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.local.provision_node import OLDEST_NODE, node_version
from deploy.local.provision_web import PACKAGES, SOURCES, WEB, key_of
from deploy.local.web import run_script
from services.classifier.words import NOTES, REASONS

WORDS = ("http://", "https://")


def test_the_page_knows_all_that_the_classifier_says_of_a_document() -> None:
    for language in ("en", "de"):
        messages = json.loads((WEB / "src" / "messages" / f"{language}.json").read_text("utf-8"))
        assert {f"said.{words}" for words in (*NOTES.values(), *REASONS.values())} <= messages.keys()


def test_the_pages_unit_tests_pass() -> None:
    assert "passed" in run_script("test")


@pytest.mark.parametrize(
    ("said", "version"), [("v24.19.0\n", (24, 19, 0)), ("v22.12.0", (22, 12, 0)), ("", ()), ("24.1.0", ())]
)
def test_nodes_word_for_its_version_is_read(said: str, version: tuple[int, ...]) -> None:
    assert node_version(said) == version


def test_a_node_that_is_too_old_is_passed_over() -> None:
    assert node_version("v20.20.2") < OLDEST_NODE <= node_version("v22.12.0")


def test_the_page_is_built_anew_when_a_file_of_it_changes_its_content_or_its_name(tmp_path: Path) -> None:
    source = tmp_path / "src" / "main.tsx"
    source.parent.mkdir()
    source.write_text("one")
    keys = [key_of(tmp_path, SOURCES)]
    source.write_text("two")
    keys.append(key_of(tmp_path, SOURCES))
    source.rename(source.with_name("other.tsx"))
    keys.append(key_of(tmp_path, SOURCES))
    (tmp_path / "README.md").write_text("no source")
    assert key_of(tmp_path, SOURCES) == keys[-1]
    assert len(set(keys)) == 3


def test_everything_the_page_is_built_from_is_there() -> None:
    assert [name for name in (*PACKAGES, *SOURCES) if not (WEB / name).exists()] == []


def test_the_pages_sources_name_no_other_origin() -> None:
    """But for the namespace of the icon, which nobody fetches."""
    files = [WEB / "index.html", *(path for path in (WEB / "src").rglob("*") if path.is_file())]
    assert [path.name for path in files if any(word in path.read_text("utf-8") for word in WORDS)] == []
