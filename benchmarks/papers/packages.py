"""Documents that are zips of XML: Office's, OpenDocument's, e-books; as small as readers take them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

Files = Mapping[str, str | bytes]

_PREFIX = '<?xml version="1.0" encoding="UTF-8"?>'
_OPC = "http://schemas.openxmlformats.org/package/2006/"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument."
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_RELATIONS = "application/vnd.openxmlformats-package.relationships+xml"
MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"


def zipped(files: Files) -> bytes:
    """A zip of these, of no time; one named `mimetype` is not compressed, as its formats want it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compresslevel=1) as archive:
        for name, data in files.items():
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), data, how)
    return packed.getvalue()


def docx(text: str, *, head: str = "", more: Files | None = None, kind: str = "") -> bytes:
    """A Word document of one paragraph; `head` goes before its root element."""
    main = kind or _TYPES + "wordprocessingml.document.main+xml"
    body = f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'
    parts = _package({"word/document.xml": main})
    return zipped({**parts, "word/document.xml": _PREFIX + head + body, **(more or {})})


def xlsx(text: str) -> bytes:
    """A workbook of one cell."""
    types = {
        "xl/workbook.xml": _TYPES + "spreadsheetml.sheet.main+xml",
        "xl/worksheets/sheet1.xml": _TYPES + "spreadsheetml.worksheet+xml",
    }
    sheets = '<sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets>'
    space = f'xmlns="{_SHEET}"'
    cell = f'<c r="A1" t="inlineStr"><is><t>{text}</t></is></c>'
    files = {
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}">{sheets}</workbook>',
        "xl/_rels/workbook.xml.rels": _relation("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet {space}><sheetData><row r="1">{cell}</row></sheetData></worksheet>',
    }
    return zipped(_package(types) | {name: _PREFIX + xml for name, xml in files.items()})


def pptx(text: str) -> bytes:
    """A presentation of one slide."""
    types = {
        "ppt/presentation.xml": _TYPES + "presentationml.presentation.main+xml",
        "ppt/slides/slide1.xml": _TYPES + "presentationml.slide+xml",
    }
    slides = '<p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst>'
    shape = f"<p:sp><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    tree = f"<p:cSld><p:spTree>{shape}</p:spTree></p:cSld>"
    files = {
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{_SLIDE}" xmlns:r="{_OFFICE}">{slides}</p:presentation>',
        "ppt/_rels/presentation.xml.rels": _relation("slide", "slides/slide1.xml"),
        "ppt/slides/slide1.xml": f'<p:sld xmlns:p="{_SLIDE}" xmlns:a="{_DRAWING}">{tree}</p:sld>',
    }
    return zipped(_package(types) | {name: _PREFIX + xml for name, xml in files.items()})


def odt(text: str, *, head: str = "", manifest: str = "") -> bytes:
    """An OpenDocument text of one paragraph; `head` goes before its root element, `manifest` into its manifest."""
    kind = "application/vnd.oasis.opendocument.text"
    spaces = f'xmlns:office="{_ODF}office:1.0" xmlns:text="{_ODF}text:1.0"'
    body = f"<office:body><office:text><text:p>{text}</text:p></office:text></office:body>"
    entry = f'<m:file-entry m:full-path="/" m:media-type="{kind}">{manifest}</m:file-entry>'
    files = {
        "content.xml": f"{head}<office:document-content {spaces}>{body}</office:document-content>",
        "META-INF/manifest.xml": f'<m:manifest xmlns:m="{_ODF}manifest:1.0">{entry}</m:manifest>',
    }
    return zipped({"mimetype": kind} | {name: _PREFIX + xml for name, xml in files.items()})


def epub(text: str, *, chapter: str = "one.xhtml") -> bytes:
    """An e-book of one chapter, which is said to be in `chapter`."""
    root = '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/>'
    container = f'<container version="1.0" xmlns="{_ODF}container"><rootfiles>{root}</rootfiles></container>'
    title = '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A book</dc:title></metadata>'
    item = f'<manifest><item id="one" href="{chapter}" media-type="application/xhtml+xml"/></manifest>'
    spine = '<spine><itemref idref="one"/></spine>'
    files = {
        "META-INF/container.xml": container,
        "book.opf": f'<package xmlns="http://www.idpf.org/2007/opf" version="3.0">{title}{item}{spine}</package>',
        "one.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>{text}</p></body></html>',
    }
    return zipped({"mimetype": "application/epub+zip"} | {name: _PREFIX + xml for name, xml in files.items()})


def template(target: str) -> str:
    """The relations of a Word document whose template is elsewhere."""
    return _PREFIX + _relation("attachedTemplate", target).replace("/></", ' TargetMode="External"/></')


def _package(types: Mapping[str, str]) -> dict[str, str]:
    """The parts that every Office document has; the first of `types` is the main one."""
    overrides = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in types.items())
    rels = f'<Default Extension="rels" ContentType="{_RELATIONS}"/>'
    defaults = rels + '<Default Extension="xml" ContentType="application/xml"/>'
    content = f'{_PREFIX}<Types xmlns="{_OPC}content-types">{defaults}{overrides}</Types>'
    return {"[Content_Types].xml": content, "_rels/.rels": _PREFIX + _relation("officeDocument", next(iter(types)))}


def _relation(kind: str, target: str) -> str:
    one = f'<Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{_OPC}relationships">{one}</Relationships>'
