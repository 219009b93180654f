"""PDFs, object by object."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"


def pdf(*pages: str) -> bytes:
    """One with these pages, of lines of Latin letters."""
    objects = [CATALOG, kids(range(4, 4 + 2 * len(pages), 2)), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    for number, page in enumerate(pages):
        objects += [_page(5 + 2 * number), stream(_lines(page))]
    return pdf_of(objects)


def pdf_of(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """One with these objects, numbered from 1; the first is its catalog."""
    file, places = bytearray(b"%PDF-1.5\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start, size = len(file), len(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, table)
    file += b"trailer\n<</Size %d/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(file)


def kids(numbers: Sequence[int]) -> bytes:
    """A node of the tree of pages."""
    return b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(numbers), b" ".join(b"%d 0 R" % each for each in numbers))


def stream(data: bytes, more: bytes = b"") -> bytes:
    """A compressed stream."""
    packed = zlib.compress(data)
    return b"<</Length %d/Filter/FlateDecode%b>>stream\n%b\nendstream" % (len(packed), more, packed)


def _page(contents: int) -> bytes:
    return PAGE[:-2] + b"/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>" % contents


def _lines(page: str) -> bytes:
    shown = b" ".join(b"(%b) Tj T*" % line.encode("latin-1") for line in page.split("\n"))
    return b"BT /F1 11 Tf 50 780 Td 14 TL %b ET" % shown
