"""Documents made to break their reader, or to make it reach where it must not; made when they are asked for."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from itertools import pairwise
from random import Random

from benchmarks.papers.packages import MACROS, docx, epub, odt, template, xlsx, zipped
from benchmarks.papers.pdfs import CATALOG, PAGE, kids, pdf, pdf_of, stream
from tests.hostile.support.documents import GOOD, WORDS

Attack = Callable[[], bytes]
MEGABYTE = 1_000_000
CHANCE = Random(1)  # noqa: S311 - the same each time


def entities() -> str:
    """A document type in which &j; is a billion laughs."""
    names = "abcdefghij"
    first = '<!ENTITY a "lololololololololol">'
    rest = (f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(names))
    return f"<!DOCTYPE x [{first}{''.join(rest)}]>"


def quadratic() -> str:
    """One long entity, used very often."""
    return f'<!DOCTYPE x [<!ENTITY j "{"lol" * 30_000}">]>'


def svg(text: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<svg xmlns="http://www.w3.org/2000/svg"><text>{text}</text></svg>'.encode()


def xml(text: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<note><to>{text}</to></note>'.encode()


def html(text: str, head: str = "<!DOCTYPE html>") -> bytes:
    return f"{head}<html><body><p>{text}</p></body></html>".encode()


def nested(depth: int) -> bytes:
    """Archives in archives."""
    packed = zipped({"a.txt": "lol" * 1000})
    for _ in range(depth):
        packed = zipped({"a.zip": packed})
    return packed


def symlinked(target: str) -> bytes:
    """A Word document whose text is a symbolic link."""
    plain, packed = zipfile.ZipFile(io.BytesIO(docx(WORDS))), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in plain.namelist():
            if name != "word/document.xml":
                archive.writestr(name, plain.read(name))
        link = zipfile.ZipInfo("word/document.xml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, target)
    return packed.getvalue()


def tar_of_links(target: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, kind in (("soft", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("../../up", tarfile.SYMTYPE)):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, target
            archive.addfile(link)
    return packed.getvalue()


def pdf_bomb() -> bytes:
    """A page whose content unpacks twice, to 200 MB."""
    once = zlib.compress(b"(lol) Tj " * 22 * MEGABYTE, 1)
    twice = zlib.compress(once)
    body = b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%b\nendstream" % (len(twice), twice)
    return pdf_of([CATALOG, kids([3]), PAGE[:-2] + b"/Contents 4 0 R>>", body])


def pdf_form_in_itself() -> bytes:
    form = stream(b"q /X Do Q", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>")
    page = PAGE[:-2] + b"/Resources<</XObject<</X 5 0 R>>>>/Contents 4 0 R>>"
    return pdf_of([CATALOG, kids([3]), page, stream(b"/X Do"), form])


def pdf_broken_font() -> bytes:
    """Text in a font whose file is nothing but chance."""
    font = b"<</Type/Font/Subtype/TrueType/BaseFont/Bad/FirstChar 0/LastChar 255/FontDescriptor 6 0 R>>"
    file = stream(b"\0\1\0\0\0\x10" + CHANCE.randbytes(20_000))
    descriptor = b"<</Type/FontDescriptor/FontName/Bad/Flags 4/FontFile2 7 0 R>>"
    page = PAGE[:-2] + b"/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>"
    return pdf_of([CATALOG, kids([3]), page, stream(b"BT /F1 9 Tf 9 9 Td (Roof) Tj ET"), font, descriptor, file])


def pdf_of_pages(count: int) -> bytes:
    return pdf_of([CATALOG, kids(range(3, 3 + count)), *[PAGE] * count])


def pdf_table_before_itself() -> bytes:
    good = pdf(WORDS)
    start = good.rindex(b"xref\n0")
    return good.replace(b"/Root", b"/Prev %d/Root" % start)


def bomb_png() -> bytes:
    """A picture of 30,000 by 30,000 points."""
    rows = zlib.compress(b"\0" * 100 * MEGABYTE)
    head = (30_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


BOMBS: dict[str, Attack] = {
    "a Word document of 150 MB": lambda: docx("lol" * 50 * MEGABYTE),
    "a workbook whose cell is 100 MB": lambda: xlsx("a" * 100 * MEGABYTE),
    "an OpenDocument text of 100 MB": lambda: odt("a " * 50 * MEGABYTE),
    "an e-book of 100 MB": lambda: epub("a " * 50 * MEGABYTE),
    "a PDF page of 200 MB": pdf_bomb,
    "a picture of 900 megapixels": bomb_png,
    "a gzip of 100 MB": lambda: gzip.compress(b"\0" * 100 * MEGABYTE, 1),
    "a zip of 100 MB": lambda: zipped({"a.txt": b"\0" * 100 * MEGABYTE}),
    "archives in archives": lambda: nested(200),
}

ENTITIES: dict[str, Attack] = {
    f"{how} in {what}": make
    for how, head in (("a billion laughs", entities), ("a long entity used often", quadratic))
    for what, make in {
        "XML": lambda head=head: xml("&j;" * 10_000, head()),
        "SVG": lambda head=head: svg("&j;" * 10_000, head()),
        "HTML": lambda head=head: html("&j;" * 10_000, head()),
        "a Word document": lambda head=head: docx("&j;" * 10_000, head=head()),
        "an OpenDocument text": lambda head=head: odt("&j;" * 10_000, head=head()),
    }.items()
}

LOOPS: dict[str, Attack] = {
    "a PDF whose pages hold each other": lambda: pdf_of([CATALOG, kids([3, 2]), kids([2])]),
    "a PDF whose catalog is its pages": lambda: pdf_of([b"<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]/Count 1>>"]),
    "a PDF object that is itself": lambda: pdf_of([CATALOG, b"2 0 R"]),
    "a PDF form drawn in itself": pdf_form_in_itself,
    "a PDF table that comes before itself": pdf_table_before_itself,
    "a PDF of 100,000 pages": lambda: pdf_of_pages(100_000),
    "a PDF of arrays in arrays": lambda: pdf_of([CATALOG, b"[" * 100_000 + b"]" * 100_000]),
    "XML 100,000 deep": lambda: b'<?xml version="1.0"?>' + b"<a>" * 100_000 + b"x" + b"</a>" * 100_000,
    "HTML 100,000 deep": lambda: b"<!DOCTYPE html><html>" + b"<div>" * 100_000 + b"x",
    "HTML of starts without ends": lambda: b"<!DOCTYPE html><html><body>" + b"<a <b " * 50_000,
    "Markdown of quotes in quotes": lambda: b"# Roof\n\n" + b">" * 50_000 + b" x\n",
    "Markdown of open brackets": lambda: b"# Roof\n\nSome *text*\n\n" + b"[" * 50_000 + b"\n",
    "JSON 100,000 deep": lambda: b'{"a":' * 100_000,
    "RTF 100,000 deep": lambda: rb"{\rtf1\ansi " + b"{" * 100_000 + b"x" + b"}" * 100_000,
    "a Word document 100,000 deep": lambda: docx("</w:t>" + "<w:t>" * 100_000),
    "a message in messages": lambda: b"Content-Type: message/rfc822\r\n\r\n" * 5_000 + GOOD[".eml"],
    "one line of 5 MB": lambda: b"a" * 5 * MEGABYTE,
}

ODDITIES: dict[str, Attack] = {
    "a Word document with 100 MB beside its text": lambda: docx(WORDS, more={"word/x.xml": b"\0" * 100 * MEGABYTE}),
    "a PDF with a broken font": pdf_broken_font,
    "a PDF that is a zip too": lambda: GOOD[".pdf"] + zipped({"a.txt": WORDS}),
    "a zip that is a PDF too": lambda: zipped({"a.pdf": GOOD[".pdf"]}) + GOOD[".pdf"],
    "a GIF that is a script": lambda: b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert('" + WORDS.encode() + b"')",
    "a tar of links": lambda: tar_of_links("/etc/passwd"),
    "a Word document with macros": lambda: docx(
        WORDS, kind=MACROS, more={"word/vbaProject.bin": b"\xd0\xcf\x11\xe0" * 99}
    ),
    "chance": lambda: CHANCE.randbytes(MEGABYTE),
    "zeros": lambda: b"\0" * MEGABYTE,
    "a program": lambda: b"\x7fELF\2\1\1" + CHANCE.randbytes(50_000),
}


def reaching(target: str) -> dict[str, bytes]:
    """Documents that ask their reader to fetch `target`, a URL."""
    external = f'<!DOCTYPE x [<!ENTITY j SYSTEM "{target}"><!ENTITY % p SYSTEM "{target}"> %p;]>'
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{target}" parse="text"/>'
    tags = f'<link rel=stylesheet href="{target}"><img src="{target}"><iframe src="{target}"></iframe>'
    return {
        "XML": xml("&j;" + include, external),
        "SVG": svg(f'&j;<image href="{target}"/>', external),
        "HTML": html(f'{WORDS}{tags}<base href="{target}">'),
        "a Word document": docx("&j;", head=external, more={"word/_rels/document.xml.rels": template(target)}),
        "an OpenDocument text": odt("&j;", head=external),
        "an e-book": epub(WORDS, chapter=target),
        "Markdown": f"# Roof\n\n![x]({target})\n\n[y]({target})\n\nSome *text*: {WORDS}\n".encode(),
        "LaTeX": rb"\documentclass{article}\begin{document}\input{%b}%b\end{document}"
        % (target.encode(), WORDS.encode()),
        "reStructuredText": f"Roof\n====\n\n.. include:: {target}\n\n.. image:: {target}\n\n{WORDS}\n".encode(),
        "RTF": rb"{\rtf1\ansi {\field{\*\fldinst INCLUDETEXT %b}}%b}" % (target.encode(), WORDS.encode()),
        "a message": external_message(target),
        "a PDF": external_pdf(target.encode()),
        "a Word document that is a link": symlinked(target.removeprefix("file://")),
        "a tar of links": tar_of_links(target.removeprefix("file://")),
    }


def external_message(target: str) -> bytes:
    body = f'message/external-body; access-type=local-file; name="{target.removeprefix("file://")}"'
    return GOOD[".eml"].replace(b"text/plain; charset=utf-8", body.encode())


def external_pdf(target: bytes) -> bytes:
    """One that opens a link by itself, and whose page is in another file."""
    catalog = CATALOG[:-2] + b"/OpenAction<</S/URI/URI(%b)>>>>" % target
    outside = b"<</Length 0/F(%b)>>stream\n\nendstream" % target
    return pdf_of([catalog, kids([3]), PAGE[:-2] + b"/Contents 4 0 R>>", outside])
