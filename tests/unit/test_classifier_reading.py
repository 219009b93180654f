"""A real worker reads documents of each type: what they are, what they say, in which language, or why not."""

# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from benchmarks.papers.packages import docx, odt, zipped
from benchmarks.papers.pdfs import CATALOG, PAGE, kids, pdf, pdf_of
from services.classifier.reading import NoText, Reading, Source, Text, Unreadable
from services.classifier.sandbox.limits import Limits
from services.classifier.sandbox.pool import Pool
from tests.hostile.support.attacks import bomb_png
from tests.hostile.support.documents import GOOD, WORDS
from tests.hostile.support.ole import ole
from tests.hostile.support.watching import source_of

MOST = 2_000
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[Pool]:
    async with Pool(Limits(most_characters=MOST), 1) as pool:
        yield pool


TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".epub": "application/epub+zip",
    ".pdf": "application/pdf",
    ".eml": "message/rfc822",
    ".html": "text/html",
    ".rtf": "text/rtf",
    ".md": "text/markdown",
    ".csv": "text/csv",
    ".svg": "image/svg+xml",
    ".xml": "application/xml",
    ".py": "text/x-python",
    ".txt": "text/plain",
}


@pytest.mark.parametrize("suffix", GOOD)
async def test_a_document_of_each_type_is_read_whatever_it_is_called(suffix: str, pool: Pool) -> None:
    for name in (suffix, ".exe", ""):
        reading = await pool.read(source_of(GOOD[suffix], name))
        assert isinstance(reading, Text)
        assert WORDS in " ".join(reading.text.split())
        assert (reading.media_type, reading.language, reading.is_cut) == (TYPES[suffix], "en", False)


WRITTEN = {
    "Größe und Länge der Häuser in Österreich, überall schön": (
        "de",
        ("utf-8", "utf-16", "utf-32", "cp1252", "utf-16-be"),
    ),
    "Привет, это письмо о договоре аренды квартиры в Москве": ("ru", ("utf-8", "cp1251", "koi8-r", "utf-16-le")),
    "Zażółć gęślą jaźń, proszę o przesłanie umowy i świadectwa": ("pl", ("utf-8", "cp1250")),
    "Η σύμβαση του διαμερίσματος λήγει σε ένα μήνα": ("el", ("utf-8", "cp1253")),
    "החוזה נחתם ביום שני בתל אביב": ("he", ("utf-8-sig", "cp1255")),
    "تم توقيع العقد يوم الاثنين في القاهرة": ("ar", ("utf-8", "cp1256")),
    "これは日本語の文書です。契約書について説明します。": ("ja", ("utf-8", "shift_jis", "euc_jp")),
    "这是一个关于合同的中文文件,请阅读。我们在北京签署": ("zh", ("utf-8", "gb18030")),
    "이것은 계약에 관한 문서입니다. 서울에서 서명했습니다": ("ko", ("utf-8", "cp949")),
}


@pytest.mark.parametrize(
    ("text", "language", "encoding"),
    [(text, language, encoding) for text, (language, encodings) in WRITTEN.items() for encoding in encodings],
)
async def test_plain_text_is_read_in_any_encoding(text: str, language: str, encoding: str, pool: Pool) -> None:
    reading = await pool.read(source_of(text.encode(encoding)))
    assert isinstance(reading, Text)
    assert (reading.text, reading.language) == (text, language)


async def test_a_page_is_read_in_the_encoding_that_it_says(pool: Pool) -> None:
    page = '<!DOCTYPE html><html><head><meta charset="iso-8859-2"></head><body><p>Kůň úpěl</p></body></html>'
    assert _text(await pool.read(source_of(page.encode("iso-8859-2")))) == "Kůň úpěl"


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        (b"", Unreadable.EMPTY),
        (b" \n\t" * 50, Unreadable.NO_TEXT),
        (pdf_of([CATALOG, kids([3]), PAGE]), Unreadable.NO_TEXT),
        (docx(""), Unreadable.NO_TEXT),
        (bomb_png(), Unreadable.UNSUPPORTED),
        (zipped({"a.txt": WORDS}), Unreadable.UNSUPPORTED),
        (bytes(range(256)) * 20, Unreadable.UNSUPPORTED),
        (GOOD[".pdf"][:300], Unreadable.CORRUPT),
        (GOOD[".docx"][:500], Unreadable.CORRUPT),
        (GOOD[".odt"][:-60], Unreadable.CORRUPT),
    ],
    ids=["empty", "blank", "a page of nothing", "no words", "a picture", "a zip", "no text", "cut", "cut", "cut"],
)
async def test_what_cannot_be_read_says_why(document: bytes, outcome: Unreadable, pool: Pool) -> None:
    assert _why(await pool.read(source_of(document))) == outcome


def _encrypted_zip() -> bytes:
    packed = bytearray(zipped({"a.txt": WORDS}))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    assert zipfile.ZipFile(io.BytesIO(packed)).infolist()[0].flag_bits & 1
    return bytes(packed)


def _encrypted_pdf() -> bytes:
    secret = b"<</Filter/Standard/V 1/R 2/Length 40/P -4/O<%b>/U<%b>>>" % (b"41" * 32, b"42" * 32)
    return pdf_of([CATALOG, kids([3]), PAGE, secret], b"/Encrypt 4 0 R/ID[<00><00>]")


@pytest.mark.parametrize(
    "document",
    [
        _encrypted_pdf(),
        _encrypted_zip(),
        ole({"EncryptionInfo": b"\4\0\4\0", "EncryptedPackage": b"x" * 5000}),
        odt("x", manifest='<m:encryption-data m:checksum="x"/>'),
    ],
    ids=["a PDF", "a zip", "an Office document", "an OpenDocument text"],
)
async def test_what_is_encrypted_is_said_to_be(document: bytes, pool: Pool) -> None:
    assert _why(await pool.read(source_of(document))) == Unreadable.ENCRYPTED


async def test_a_suffix_chooses_among_texts_and_nothing_else(pool: Pool) -> None:
    line = b"a line that is text and no more than that\n"
    assert _type(await pool.read(source_of(line, ".md"))) == "text/markdown"
    assert _type(await pool.read(source_of(line, ".CSV"))) == "text/csv"
    assert _type(await pool.read(source_of(line, ".pdf"))) == "text/plain"
    assert _type(await pool.read(source_of(GOOD[".pdf"], ".md"))) == "application/pdf"
    assert _why(await pool.read(source_of(bytes(range(256)) * 20, ".txt"))) == Unreadable.UNSUPPORTED


async def test_text_is_cut_to_its_limit_and_says_so(pool: Pool) -> None:
    reading = await pool.read(source_of(("word " * MOST).encode()))
    assert isinstance(reading, Text)
    assert reading.is_cut
    assert MOST - 1 <= len(reading.text) <= MOST


async def test_of_text_a_head_is_enough_even_where_it_ends_within_a_character(pool: Pool) -> None:
    head = "Größe und Länge der Häuser, überall schö".encode()[:-1]
    reading = await pool.read(Source(head, 10_000))
    assert reading == Text("Größe und Länge der Häuser, überall sch", "text/plain", "de", is_cut=True)


async def test_of_what_is_parsed_whole_a_head_is_too_large(pool: Pool) -> None:
    assert _why(await pool.read(Source(GOOD[".docx"], 10_000_000))) == Unreadable.TOO_LARGE


async def test_text_holds_no_nul_and_nothing_that_cannot_be_stored(pool: Pool) -> None:
    odd = pdf("A line\\000with \\ud800 in it")
    for document in (odd, docx("a&#xD800;b c"), (WORDS + "\0" + WORDS * 9).encode()):
        text = _text(await pool.read(source_of(document)))
        assert "\0" not in text
        assert text.encode().decode() == text


def _text(reading: Reading) -> str:
    return reading.text if isinstance(reading, Text) else ""


def _type(reading: Reading) -> str | None:
    return reading.media_type


def _why(reading: Reading) -> Unreadable | str:
    return reading.why if isinstance(reading, NoText) else f"text: {reading.text[:80]}"
