"""Names and types in the header of a download: whatever a file is called, a browser saves it and runs nothing."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.disposition import MOST_BYTES, UNKNOWN, attachment, inert

HEADER = re.compile(r"attachment; filename=\"([A-Za-z0-9 ._()+,=@~-]+)\"; filename\*=UTF-8''([A-Za-z0-9._~%-]+)")


def parts(name: str) -> tuple[str, str]:
    """The plain name, and the one that browsers prefer."""
    found = HEADER.fullmatch(attachment(name))
    assert found is not None
    return found[1], unquote(found[2], errors="strict")


@given(st.text(max_size=1024))
def test_whatever_the_name_the_header_is_one_disposition_of_two_names(name: str) -> None:
    plain, whole = parts(name)
    assert len(whole.encode()) <= MOST_BYTES
    assert len(plain) == len(whole)


@pytest.mark.parametrize(
    "name", ["report.pdf", "ünïcode 文書 😀.pdf", "a'b.txt", "50% (1).txt", ".bashrc", "e\u0301.txt"]
)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    assert parts(name)[1] == name


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("a\\b", "a_b"),
        ("a\r\nX: y\0", "a__X: y_"),
        ("\u2066", "_"),
        (" ", "_"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("😀" * 100 + ".pdf", "😀" * 49 + ".pdf"),
        ("a." + "x" * 300, "a." + "x" * 198),
        ("\ud800", "?"),
    ],
)
def test_what_no_file_is_called_is_left_out_of_a_name(name: str, saved: str) -> None:
    assert parts(name)[1] == saved


@pytest.mark.parametrize(
    "media_type",
    [
        "image/png", "application/pdf", "text/plain", "text/csv", "video/mp4", "application/zip", "application/json",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.oasis.opendocument.text",
    ],
)  # fmt: skip
def test_a_type_that_nothing_runs_stays(media_type: str) -> None:
    assert inert(media_type) == media_type
    assert inert(f"{media_type.upper()} ; charset=x") == media_type


@pytest.mark.parametrize(
    "media_type",
    [
        "text/html", "image/svg+xml", "image/SVG+xml; charset=x", "application/xhtml+xml", "text/xml",
        "application/xml", "image/x+xml",
        "text/javascript", "application/javascript", "text/css", "application/x-shockwave-flash", "multipart/mixed",
        "message/rfc822", "application/wasm", "application/pdf\r\nX: y", "text/plain, text/html", "", "image/",
        "application/vnd.mozilla.xul+xml", "text/vnd.wap.wml", "application/manifest+json", "application/vnd.ms-x+xml",
    ],
)  # fmt: skip
def test_any_other_type_is_only_bytes(media_type: str) -> None:
    assert inert(media_type) == UNKNOWN
