"""Text as the words that people type, whatever its case, width, accents' encoding or script. Pure."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

import snowballstemmer

_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")
"""Scripts that put no spaces between words, or none between a word and its particles, as their Unicode names begin."""

_ALGORITHMS = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
DEFAULT_LANGUAGE = "en"
"""Whose endings are cut where the language is unknown or has no stemmer."""


def folded(text: str) -> str:
    """As two spellings of the same are compared: NFKC, case-folded, spaces as one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words(folded_text: str) -> Iterator[str]:
    """The words, each with its accents and vowel signs; C++ and C# keep their signs."""
    return (found.group() for found in _word().finditer(folded_text))


@cache
def _word() -> re.Pattern[str]:
    """A letter or digit, then letters, digits and marks; most marks of Indian scripts are no letters to `re`."""
    marks = "".join(re.escape(chr(at)) for at in range(0x300, 0xFFFF) if unicodedata.category(chr(at)).startswith("M"))
    return re.compile(rf"[^\W_][^\W_{marks}]*(?:[{marks}]+[^\W_]*)*(?:\+\+|#)?")


def is_unspaced(character: str) -> bool:
    """Whether it is of a script in which spaces do not tell where a word ends."""
    return character > "\u0e00" and unicodedata.name(character, "").startswith(_UNSPACED)


def stemmer(language: str | None) -> Callable[[str], str]:
    """Cuts a folded word's ending off, by the rules of its language; the same word is looked up once.

    Not for two threads at once: each call of this makes one of its own.
    """
    stem = snowballstemmer.stemmer(_ALGORITHMS.get(language or "", _ALGORITHMS[DEFAULT_LANGUAGE])).stemWord
    known: dict[str, str] = {}

    def of(word: str) -> str:
        if word not in known:
            known[word] = sys.intern(stem(word)) if len(word) <= _LONGEST else word
        return known[word]

    return of


_LONGEST = 50
"""Characters of a word that is stemmed; what is longer is none, and stemming it could take long."""
