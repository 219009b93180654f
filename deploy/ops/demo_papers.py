"""The documents of the demo: texts of demo_documents/ as they are, or as a PDF or Word document made of them. Pure."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

FOLDER = Path(__file__).with_name("demo_documents")
PDF, TEXT = "application/pdf", "text/plain"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_CATALOG, _PAGES = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>"
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F 4 0 R>>>>/Contents 5 0 R>>"
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>"
_LOCK = b"<</Filter/Standard/V 1/R 2/Length 40/P -4/O<%b>/U<%b>>>" % (b"41" * 32, b"42" * 32)
_SPACE = "http://schemas.openxmlformats.org/"
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_SPACE}package/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_MAIN}"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_SPACE}package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{_SPACE}officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A document to upload: the name and content type that are told of it, and its bytes."""

    filename: str
    content_type: str
    data: bytes


def as_it_is(text: str) -> bytes:
    """In UTF-8."""
    return text.encode()


def pdf(text: str) -> bytes:
    """One page, with a line for each of the text's, which must be Western letters."""
    shown = b" ".join(b"(%b) Tj T*" % _in_pdf(line) for line in text.splitlines())
    content = b"BT /F 10 Tf 50 790 Td 13 TL %b ET" % shown
    stream = b"<</Length %d>>stream\n%b\nendstream" % (len(content), content)
    return _pdf_of([_CATALOG, _PAGES, _PAGE, _FONT, stream])


def locked_pdf() -> bytes:
    """One that asks for a password, which nobody knows."""
    return _pdf_of([_CATALOG, _PAGES, _PAGE, _FONT, _LOCK], b"/Encrypt 5 0 R/ID[<00><00>]")


def _in_pdf(line: str) -> bytes:
    for character in "\\()":
        line = line.replace(character, "\\" + character)
    return line.encode("cp1252")


def _pdf_of(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """Objects numbered from 1, of which the first is the catalog, and the table of their places."""
    file, places = bytearray(b"%PDF-1.5\n"), []
    for number, body in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start, size = len(file), len(objects) + 1
    file += b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, b"".join(places))
    file += b"trailer\n<</Size %d/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(file)


def docx(text: str) -> bytes:
    """A Word document with a paragraph for each line that is not blank."""
    lines = (escape(line) for line in text.splitlines() if line.strip())
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    space = f'xmlns:w="{_SPACE}wordprocessingml/2006/main"'
    document = f"<w:document {space}><w:body>{body}</w:body></w:document>"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, xml in {**_PARTS, "word/document.xml": document}.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + xml)
    return packed.getvalue()


def paper(filename: str, content_type: str, text: str, form: Callable[[str], bytes] = as_it_is) -> Paper:
    """The file `text` of demo_documents/, in this form, as it is uploaded."""
    return Paper(filename, content_type, form((FOLDER / text).read_text("utf-8")))
