"""Object keys: what the server makes, it reads; what it did not make, it does not take for its own."""

from __future__ import annotations

from pathlib import PurePosixPath
from uuid import RFC_4122, UUID

import pytest
from docuvault_contracts.keys import extension_of, make_key, new_document_id, owner_of, parse_key
from hypothesis import given
from hypothesis import strategies as st

USER = UUID("0f0e0d0c-0b0a-4908-8706-050403020100")
DOCUMENT = UUID("11111111-2222-4333-8444-555555555555")
KEY = str(make_key(USER, DOCUMENT, "report.pdf"))


@given(st.text())
def test_every_key_that_is_made_is_read_again_whatever_the_file_is_called(filename: str) -> None:
    made = make_key(USER, DOCUMENT, filename)
    assert parse_key(str(made)) == made
    assert owner_of(str(made)) == (str(USER), str(DOCUMENT))
    assert len(str(made).encode("utf-8")) <= 1024


NAMES = st.lists(st.sampled_from(["a", ".", "..", "/", "\\", ".PDF", " ", "\u00c9"]) | st.text(max_size=3)).map("".join)


@given(NAMES)
def test_the_last_suffix_is_what_a_path_of_that_name_has(filename: str) -> None:
    suffix = PurePosixPath(filename.replace("\\", "/")).suffix.lower()
    assert extension_of(filename) == (suffix if suffix.isprintable() else "")


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
    assert owner_of(key) is None


def test_a_new_document_id_sorts_after_all_that_were_made_before_and_tells_its_millisecond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    for time_ns in (0, 1_000, 999_999, 1_000_000, 1_795_518_984_839_123_456, 2**63 - 1):
        monkeypatch.setattr("time.time_ns", lambda now=time_ns: now)
        made.append(new_document_id())
        assert (made[-1].int >> 80, made[-1].version, made[-1].variant) == (time_ns // 1_000_000, 7, RFC_4122)
    assert made == sorted(made)


def test_no_two_document_ids_of_one_moment_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1)
    assert len({new_document_id() for _ in range(1000)}) == 1000
