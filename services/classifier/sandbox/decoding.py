"""Bytes of a text in any encoding, as characters; or None where they are no text."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from encodings import normalize_encoding
from encodings.aliases import aliases

Guess = Callable[[bytes], str]
"""A sample in a legacy encoding, as one who knows the languages reads it; only what is not ASCII counts."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LEGACY = """
    cp1252 cp1251 cp1250 cp932 gb18030 euc_jp big5 cp949 koi8_u koi8_r cp1253 cp1254 cp1255 cp1256 cp1257 cp1258
    cp874 iso8859_2 iso8859_4 iso8859_5 iso8859_6 iso8859_7 iso8859_8 iso8859_15 cp866
"""
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""")
_ALSO_DECLARED = ("latin_1", "iso8859_9", "gbk", "gb2312", "shift_jis", "euc_kr")
_CODECS = (*_LEGACY.split(), *_ALSO_DECLARED, *(name.replace("-", "_") for _, name in _MARKS))
_NAMES = {aliases.get(name, name): codecs.lookup(name).name for name in _CODECS}
"""Loaded, while files can be opened. The names of others are looked up nowhere: some unpack what they are given."""

_SAMPLE = 4096
_LAST_OF_ASCII = 0x7F
_SEPARATORS = bytes.maketrans(b'\r\n,;"\t', b"      ")
"""None of these is a part of a longer character in any of the encodings."""

_ORDINARY_CONTROLS = "\t\n\v\f\r\x1b"
_MOST_ODD = 0.01
_SAME_HALVES = 0.6
_LAST_PAGE_OF_ALPHABETS = 0x20


def decode(data: bytes, guess: Guess) -> str | None:
    """The text, without its byte order mark; a character that the end of `data` cut in two is left out."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _text(data[len(mark) :].decode(encoding, "ignore"))
    text = _strictly(data, "utf-8")
    if text is not None and "\0" not in text[:_SAMPLE]:
        return _text(text)
    found = _of_two_bytes(data) or _declared(data) or _guessed(data, guess)
    return _text(data.decode(found, "replace")) if found else None


def is_plainly_text(data: bytes) -> bool:
    """It begins as text in UTF-8 does: the bytes of other things soon come to what no text has."""
    start = _strictly(data[:_SAMPLE], "utf-8")
    return start is not None and _text(start) is not None


def _text(text: str) -> str | None:
    """The same where it has hardly any characters that texts do not have."""
    counts = Counter(text[:_SAMPLE])
    odd = sum(count for character, count in counts.items() if _is_odd(character))
    return text if odd <= _MOST_ODD * min(len(text), _SAMPLE) else None


def _is_odd(character: str) -> bool:
    """A control, half of a pair, a private or unassigned character, or one that could not be decoded."""
    kind = unicodedata.category(character)
    return (kind[0] == "C" and kind != "Cf" and character not in _ORDINARY_CONTROLS) or character == "\ufffd"


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return None


def _of_two_bytes(data: bytes) -> str | None:
    """UTF-16 without a mark: of the letters of an alphabet, one half is nearly always the same small number."""
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = data[first:_SAMPLE:2]
        common, count = Counter(half).most_common(1)[0] if half else (0xFF, 0)
        if common < _LAST_PAGE_OF_ALPHABETS and count >= _SAME_HALVES * len(half) and len(set(data[:_SAMPLE])) > 1:
            return encoding
    return None


def _declared(data: bytes) -> str | None:
    """What HTML or XML says of itself in its head; only where it is an encoding of text, and known here."""
    said = _DECLARED.search(data[:1024])
    if said is None:
        return None
    normal = normalize_encoding(said[1].decode()).lower()
    name = _NAMES.get(aliases.get(normal, normal))
    return name if name and _strictly(data[:_SAMPLE], name) is not None else None


def _guessed(data: bytes, guess: Guess) -> str | None:
    """The legacy encoding in which a sample comes out as `guess` sees it."""
    if b"\0" in data[:_SAMPLE]:
        return None
    sample = _around_high_bytes(data).translate(_SEPARATORS)
    seen = _high(guess(sample))
    decoded = ((name, _strictly(sample, name)) for name in _LEGACY.split())
    return next((name for name, text in decoded if text is not None and seen.startswith(_high(text))), None)


def _around_high_bytes(data: bytes) -> bytes:
    """The first bytes that are not ASCII, from the start of their line, at most a sample of them."""
    first = next((at for at, byte in enumerate(data) if byte > _LAST_OF_ASCII), 0)
    start = max(data.rfind(b"\n", 0, first) + 1, first - _SAMPLE)
    return data[start : first + _SAMPLE]


def _high(text: str) -> str:
    return "".join(character for character in text if character > "\x7f")
