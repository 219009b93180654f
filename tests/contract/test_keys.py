"""Object keys: what the server makes, it reads; what it did not make, it does not take for its own."""

from __future__ import annotations

from uuid import UUID

import pytest
from docuvault_contracts.keys import extension_of, make_key, parse_key
from hypothesis import given
from hypothesis import strategies as st

USER = UUID("0f0e0d0c-0b0a-4908-8706-050403020100")
DOCUMENT = UUID("11111111-2222-4333-8444-555555555555")
KEY = str(make_key(USER, DOCUMENT, "report.pdf"))


@given(st.text())
def test_every_key_that_is_made_is_read_again_whatever_the_file_is_called(filename: str) -> None:
    made = make_key(USER, DOCUMENT, filename)
    assert parse_key(str(made)) == made
    assert len(str(made).encode("utf-8")) <= 1024


@pytest.mark.parametrize(
    ("filename", "extension"),
    [
        ("report.PDF", ".pdf"),
        ("archive.tar.gz", ".gz"),
        ("none", ""),
        (".bashrc", ""),
        ("..\\..\\evil.exe", ".exe"),
        ("a.b/c", ""),
        ("a.\0", ""),
        ("a." + "x" * 100, ""),
    ],
)
def test_of_the_name_only_the_last_suffix_is_kept(filename: str, extension: str) -> None:
    assert extension_of(filename) == extension


@pytest.mark.parametrize(
    "key",
    ["", "a/b/c", KEY.upper(), f"/{KEY}", f"{KEY}/more", KEY.replace("/", "//"), f"x{KEY}", "readme.txt"],
)
def test_a_foreign_key_is_nobodys(key: str) -> None:
    assert parse_key(key) is None
