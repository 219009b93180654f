"""Makes plain what a language model wrote: it is shown to a person, and a document may have dictated it."""

from __future__ import annotations

import re
import unicodedata
from html import unescape

MOST_CHARACTERS = 200
_ROUNDS = 5

_TAG = re.compile(r"<[^<>]*>")
_MARKUP = re.compile(r"[<>\[\]{}`*|\\^~]|&(?=#|\w+;|lt|gt|amp|quot)")
_LINK = re.compile(
    r"""(?xi)
      [a-z][a-z0-9+.-]*:/\S*              # a scheme and a path
    | \b(?:mailto|javascript|data|vbscript|tel|sms|file):\S*
    | www\.\S+
    | [^\s@]+@[^\s@]+                     # an address of mail
    | \b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/\S*  # a host and a path
    | //\S+
    """
)
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})


def plain(text: str, most: int = MOST_CHARACTERS) -> str:
    """`text` as one line of words: no markup, no link, nothing invisible, cut to `most` characters; may be empty.

    Taking one thing out may put another together, so it is done until nothing changes; what never settles is dropped.
    """
    text = text[: most * 3]
    for _ in range(_ROUNDS):
        before, text = text, _once(text)
        if before == text:
            return _cut(text, most)
    return ""


def printable(text: str) -> str:
    """`text` without what cannot be seen; line breaks and tabs stay."""
    return "".join(each for each in text if each in "\n\t" or unicodedata.category(each) not in _INVISIBLE)


def _once(text: str) -> str:
    text = printable(unicodedata.normalize("NFKC", unescape(unescape(unescape(text)))))
    text = _MARKUP.sub("", _TAG.sub(" ", text))
    return " ".join(_LINK.sub("", text).replace("@", " ").split())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
