"""What of a Markdown text leads somewhere, and what can be led to: as GitHub reads it, without a parser's packages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,}).*?(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CODE = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(?P<text>.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_UNDERLINED = re.compile(r"^(?P<text>[^\s#>|-][^\n]*)\n(?:=+|-{2,})[ \t]*$", re.MULTILINE)
_ID = re.compile(r"<a\s[^>]*?\b(?:id|name)=[\"'](?P<id>[^\"']+)", re.IGNORECASE)
_TITLE = r"(?:\s+(?:\"[^\"]*\"|'[^']*'))?"
_INLINE = re.compile(rf"\]\(\s*(?:<(?P<angled>[^>\n]*)>|(?P<plain>(?:[^\s()]|\([^\s()]*\))*)){_TITLE}\s*\)")
_DEFINITION = re.compile(r"^ {0,3}\[(?P<label>[^\]\n]+)\]:\s*<?(?P<target>[^\s>]+)", re.MULTILINE)
_REFERENCE = re.compile(r"\[[^\[\]]+\]\[(?P<label>[^\[\]\n]+)\]")
_HTML = re.compile(r"<(?:a|img)\s[^>]*?\b(?:href|src)=[\"'](?P<target>[^\"']+)", re.IGNORECASE)
_LINKED = re.compile(r"!?\[(?P<text>[^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")


class Link(NamedTuple):
    """A link's target as it is written, and its line, from 1. `target` is None where nothing defines a label."""

    line: int
    target: str | None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """What leads away from a text, and the anchors in it."""

    links: tuple[Link, ...]
    anchors: frozenset[str]


def read(text: str) -> Text:
    """The links and anchors of a text; those in code and comments are none."""
    prose = blank(text, _COMMENT, _FENCE)
    return Text(tuple(sorted(_links(blank(prose, _CODE)))), frozenset(_anchors(prose)))


def blank(text: str, *patterns: re.Pattern[str]) -> str:
    """The text with blanks instead of what the patterns find: every place in it stays where it is."""
    for pattern in patterns:
        text = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    return text


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Where the targets of inline links begin and end in a text, and what they are."""
    for found in _INLINE.finditer(blank(text, _COMMENT, _FENCE, _CODE)):
        which = "plain" if found["angled"] is None else "angled"
        yield (*found.span(which), text[slice(*found.span(which))])


def outside_code(text: str) -> str:
    """The text with blanks instead of its comments and blocks of code."""
    return blank(text, _COMMENT, _FENCE)


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it: letters, digits, `_` and `-` of what is shown."""
    shown = _LINKED.sub(r"\g<text>", heading)
    return re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")


def _links(prose: str) -> Iterator[Link]:
    def line(found: re.Match[str]) -> int:
        return prose.count("\n", 0, found.start()) + 1

    labels = set()
    for found in _DEFINITION.finditer(prose):
        labels.add(found["label"].lower())
        yield Link(line(found), found["target"])
    for found in _INLINE.finditer(prose):
        yield Link(line(found), found["plain"] if found["angled"] is None else found["angled"])
    for found in _HTML.finditer(prose):
        yield Link(line(found), found["target"])
    for found in _REFERENCE.finditer(prose):
        if found["label"].lower() not in labels:
            yield Link(line(found), None, found["label"])


def _anchors(prose: str) -> Iterator[str]:
    seen: Counter[str] = Counter()
    headings = [*_HEADING.finditer(prose), *_UNDERLINED.finditer(prose)]
    for found in sorted(headings, key=re.Match.start):
        name = slug(found["text"])
        yield f"{name}-{seen[name]}" if seen[name] else name
        seen[name] += 1
    for found in _ID.finditer(prose):
        yield found["id"]
