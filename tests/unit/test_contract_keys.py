"""Hostile file names and keys: what is kept of them is harmless, and every reader sees the same in a key."""

from __future__ import annotations

from uuid import UUID

from docuvault_contracts.keys import MAX_EXT_BYTES, extension_of, make_key, parse_key
from hypothesis import example, given, settings
from hypothesis import strategies as st

USER = UUID("0f0e0d0c-0b0a-4908-8706-050403020100")
DOCUMENT = UUID("11111111-2222-4333-8444-555555555555")
ANY_TEXT = st.text(st.characters())
SURROGATES = st.text(st.characters(categories=["Cs", "Lu", "Cc", "Po", "Zs", "Zl"]))


@settings(deadline=None)
@given(ANY_TEXT | SURROGATES | ANY_TEXT.map(lambda text: f"a.{text}"))
@example("a.\ud800")
@example("a." + "İ" * MAX_EXT_BYTES)
@example("a.b\u2028")
@example("..")
@example("a.\\..\\b")
def test_an_extension_is_printable_short_lower_case_and_no_path(filename: str) -> None:
    ext = extension_of(filename)
    assert ext == "" or (ext[0] == "." and len(ext) > 1)
    assert ext.isprintable()
    assert ext == ext.lower()
    assert len(ext.encode("utf-8")) <= MAX_EXT_BYTES
    assert not set(ext) & set("/\\\0")


@settings(deadline=None)
@given(ANY_TEXT)
def test_a_key_never_says_the_same_for_two_uploads_of_one_name(filename: str) -> None:
    first, second = (make_key(USER, DOCUMENT, filename) for _ in range(2))
    assert (first.ext, str(first) != str(second)) == (second.ext, True)


@settings(deadline=None)
@given(ANY_TEXT | st.from_regex(r"\A[0-9a-fA-F/.-]{0,130}\Z"))
@example(f"{USER}/{DOCUMENT}/{USER}\n")
@example(f"{USER}/{DOCUMENT}/{USER}.a\nb")
@example(f"{USER}/{DOCUMENT}/{USER}.")
@example(f"{USER}/{DOCUMENT}/{USER}../..")
@example(f"{str(USER).upper()}/{DOCUMENT}/{USER}")
@example(f"{USER}/{DOCUMENT}/{USER}".replace("0", "\u0660"))
def test_what_is_read_in_a_key_is_all_that_is_in_it(key: str) -> None:
    parsed = parse_key(key)
    assert parsed is None or str(parsed) == key
