"""What a built site would ask of other origins: the addresses that a browser loads by itself, of pages and styles.

A link that a person follows is none of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

_SOURCES = ("audio", "embed", "iframe", "img", "input", "script", "source", "track", "video")
_LOADED = {
    **dict.fromkeys(_SOURCES, ("src", "srcset")),
    "form": ("action",),
    "image": ("href", "xlink:href"),
    "link": ("href", "imagesrcset"),
    "object": ("data",),
    "use": ("href", "xlink:href"),
}
_STYLED = re.compile(r"(?:url\(\s*|@import\s+)[\"']?(?P<address>[^\"')\s;]+)")
_ELSEWHERE = re.compile(r"\s*(?:(?:https?|wss?|ftp):|//)", re.IGNORECASE)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._style = tag == "style"
        for name in ("poster", *_LOADED.get(tag, ())):
            self.addresses += [part.split()[0] for part in given.get(name, "").split(",") if part.strip()]
        self.addresses += styled(given.get("style", ""))
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self.addresses.append(given.get("content", "").partition("=")[2])

    def handle_endtag(self, tag: str) -> None:
        self._style = self._style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._style:
            self.addresses += styled(data)


def styled(text: str) -> list[str]:
    """The addresses in a style sheet."""
    return [found["address"] for found in _STYLED.finditer(text)]


def loaded(page: str) -> list[str]:
    """The addresses that a page of HTML loads, as they stand there."""
    parser = _Page()
    parser.feed(page)
    return parser.addresses


def foreign(site: Path) -> Iterator[str]:
    """What a site's pages and style sheets load from elsewhere, a line each: file and address."""
    for path in sorted(site.rglob("*")):
        read = {".html": loaded, ".svg": loaded, ".css": styled}.get(path.suffix)
        if read is not None:
            for address in read(path.read_text("utf-8")):
                if _ELSEWHERE.match(address):
                    yield f"{path.relative_to(site)}: {address}"
