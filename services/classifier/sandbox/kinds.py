"""What a document is by its content, and how text is had of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from services.classifier.sandbox import zips

UNKNOWN = "application/octet-stream"
PLAIN = "text/plain"

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."


class Way(Enum):
    """How text is had of a kind of document."""

    TEXT = auto()
    """Its bytes are text, a head of it is, too."""

    MESSAGE = auto()
    """Text with encodings of its own within: the bytes themselves are parsed; a head will do."""

    WHOLE = auto()
    """It is parsed, and only all of it can be."""

    IMAGE = auto()
    """OCR, where there is one."""

    NONE = auto()
    """Not at all: programs, archives (what users bundle is not unpacked), sound, film."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A media type, the type to parse it as, and the way."""

    media_type: str
    way: Way
    parse_as: str = PLAIN

    @property
    def is_tagged(self) -> bool:
        """What is no text in it is in tags."""
        return self.parse_as.endswith(("html", "xml"))


@dataclass(frozen=True, slots=True)
class Found:
    """What magika says of bytes: its label, the media type of that, and whether it is text."""

    label: str
    media_type: str
    is_text: bool

    @property
    def is_unknown(self) -> bool:
        """The model knows no more than that it is no text that it knows."""
        return self.label in {"unknown", "undefined"}

    @property
    def is_readable(self) -> bool:
        """It has parts that are parsed, or may be."""
        return self.label in {*_WHOLE, *_MESSAGES, *_IMAGES}


TEXT = Found("txt", PLAIN, is_text=True)


_WHOLE = {
    "pdf": "application/pdf",
    "docx": _OOXML + "wordprocessingml.document",
    "xlsx": _OOXML + "spreadsheetml.sheet",
    "pptx": _OOXML + "presentationml.presentation",
    "odt": _ODF + "text",
    "ods": _ODF + "spreadsheet",
    "epub": "application/epub+zip",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "outlook": "application/vnd.ms-outlook",
}
_PARSED_TEXT = {
    "html": "text/html",
    "xml": "application/xml",
    "svg": "image/svg+xml",
    "markdown": "text/markdown",
    "rst": "text/x-rst",
    "latex": "text/x-tex",
}
_MESSAGES = {"eml": "message/rfc822", "rtf": "text/rtf"}
_IMAGES = ("png", "jpeg", "tiff", "bmp", "gif", "webp")
_SUFFIXES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".rst": "text/x-rst",
    ".tex": "text/x-tex",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".org": "text/x-org",
    ".json": "application/json",
    ".yaml": "application/x-yaml",
    ".yml": "application/x-yaml",
    ".toml": "application/toml",
    ".html": "text/html",
    ".htm": "text/html",
    ".xml": "application/xml",
}
_BINARY = {"zip": "application/zip", "ole": "application/x-ole-storage"}
_VAGUE = frozenset({"unknown", "undefined", "txt", "zip"})
_PIECES = ((b"word/", "docx"), (b"xl/", "xlsx"), (b"ppt/", "pptx"), (b"[Content_Types].xml", "docx"))
_PARSABLE = frozenset(_PARSED_TEXT.values())
_SIGNATURES = (
    (b"%PDF-", "pdf"),
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"PK\x03\x04", "zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
)
_MARKS = (("<!doctype html", "html"), ("<html", "html"), ("<?xml", "xml"), ("<svg", "svg"))
_MARK_WITHIN = 1024
_PARTS = (("word/document.xml", "docx"), ("xl/workbook.xml", "xlsx"), ("ppt/presentation.xml", "pptx"))


def signed(found: Found, data: bytes) -> Found:
    """The same, or what is surer by the first bytes, where the model saw "some archive", "some text" or nothing."""
    if found.label not in _VAGUE:
        return found
    sure = next((label for signature, label in _SIGNATURES if data.startswith(signature)), None)
    sure = _packed(data) if sure == "zip" else sure
    return found if sure is None else Found(sure, _BINARY.get(sure, UNKNOWN), is_text=sure in _MESSAGES)


def marked(found: Found, text: str) -> Found:
    """The same, or what is surer by how a text begins, where the model saw only "some text"."""
    if not found.is_text:
        found = TEXT
    if found.label != "txt":
        return found
    start = text[:_MARK_WITHIN].lstrip().lower()
    sure = next((label for mark, label in _MARKS if start.startswith(mark)), "txt")
    return Found("svg" if sure == "xml" and "<svg" in start else sure, PLAIN, is_text=True)


def kind_of(found: Found, suffix: str) -> Kind:
    """The kind of what was found; the suffix decides where content says text and no more."""
    label = found.label
    if label in _WHOLE:
        return Kind(_WHOLE[label], Way.WHOLE, _WHOLE[label])
    if label in _MESSAGES:
        return Kind(_MESSAGES[label], Way.MESSAGE, _MESSAGES[label])
    if label in _IMAGES:
        return Kind(f"image/{label}", Way.IMAGE, f"image/{label}")
    return text_kind(found, suffix) if found.is_text else Kind(found.media_type, Way.NONE)


def text_kind(found: Found, suffix: str) -> Kind:
    """The kind of what is text: parsed where it is markup, plain otherwise."""
    if found.label in _PARSED_TEXT:
        return Kind(_PARSED_TEXT[found.label], Way.TEXT, _PARSED_TEXT[found.label])
    said = found.media_type if found.media_type != UNKNOWN else PLAIN
    if found.label == "txt":
        said = _SUFFIXES.get(suffix.lower(), PLAIN)
    return Kind(said, Way.TEXT, said if said in _PARSABLE else PLAIN)


def _packed(data: bytes) -> str:
    """What a zip is by the names in it."""
    names = zips.names(data)
    if not names:  # it is broken; each name stands before its file, too
        return next((label for part, label in _PIECES if part in data), "zip")
    by_part = next((label for part, label in _PARTS if part in names), None)
    return by_part or ("epub" if "META-INF/container.xml" in names else "zip")
