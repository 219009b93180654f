"""The pages of the site: Markdown files of the checkout where they are, and how their text becomes a page."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from deploy.docs.links import markdown_files
from deploy.docs.markdown import outside_code, spans

_NO_PAGES = ("deploy/ops/demo_documents/",)
"""Markdown that is data."""
_ITEM = re.compile(r"(?:[-*+]|1\.) ")
_ANY_ITEM = re.compile(r"(?:[-*+]|\d+\.) ")
_LINK_TO = r"!?\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\(\s*{}\s*\)"
_CODE_IN_ROW = re.compile(r"(?<!`)`[^`\n]+`")


def sources(root: Path) -> Iterator[str]:
    """What the site is made of, by paths from the checkout: its Markdown, and the pictures of docs/."""
    for path in markdown_files(root):
        name = path.relative_to(root).as_posix()
        if not name.startswith(_NO_PAGES):
            yield name
    yield from sorted(path.relative_to(root).as_posix() for path in (root / "docs").rglob("*.svg"))


def place(source: str) -> str:
    """Where a file is in the site: docs/ is its root, a README its folder's page."""
    own = {"README.md": "overview/index.html", "docs/index.md": "index.html"}
    if source in own:
        return own[source]
    path = source.removeprefix("docs/")
    if not path.endswith(".md"):
        return path
    stem = path.removesuffix(".md")
    folder = posixpath.dirname(stem) if posixpath.basename(stem) == "README" else stem
    return f"{folder.lower()}/index.html"


def page_text(text: str, source: str, known: Callable[[str], bool]) -> str:
    """The text of a file as Python-Markdown wants it, its links only to what is `known`: to be in the site."""
    return _lists(_rows(_only_known(text, source, known)))


def _only_known(text: str, source: str, known: Callable[[str], bool]) -> str:
    """A folder's link leads to its README; where the site has none, and to other files, words stay without a link."""
    for begin, end, target in sorted(spans(text), reverse=True):
        parts = urlsplit(target)
        if parts.scheme or parts.netloc or not parts.path:
            continue
        aim = posixpath.normpath(posixpath.join(posixpath.dirname(source), parts.path))
        if known(aim):
            continue
        if known(readme := posixpath.join(aim, "README.md")):
            there = posixpath.relpath(readme, posixpath.dirname(source) or ".")
            text = text[:begin] + there + (f"#{parts.fragment}" if parts.fragment else "") + text[end:]
        else:
            text = _without_link(text, begin, target)
    return text


def _without_link(text: str, begin: int, target: str) -> str:
    for found in re.finditer(_LINK_TO.format(re.escape(target)), text):
        if found.start() < begin < found.end():
            return text[: found.start()] + found["text"] + text[found.end() :]
    return text


def _rows(text: str) -> str:
    r"""A `|` in code in a row of a table is `\|` for GitHub, and as it is for Python-Markdown."""
    lines = text.split("\n")
    for at, prose in enumerate(outside_code(text).split("\n")):
        if prose.startswith("|"):
            lines[at] = _CODE_IN_ROW.sub(lambda code: code[0].replace("\\|", "|"), lines[at])
    return "\n".join(lines)


def _lists(text: str) -> str:
    """A list that follows a paragraph at once begins after a blank line for Python-Markdown."""
    lines: list[str] = []
    before = ""
    for line, prose in zip(text.split("\n"), outside_code(text).split("\n"), strict=True):
        if _ITEM.match(prose) and before.strip() and not _ANY_ITEM.match(before) and before[0] not in " #":
            lines.append("")
        lines.append(line)
        before = prose
    return "\n".join(lines)
