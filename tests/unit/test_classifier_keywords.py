"""Filing by keywords."""

# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

import time
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.classifier.filing import Mode, Owner, Topic, Wishes
from services.classifier.modes.keywords import KeywordFiler, count, file_by_keywords, score
from services.classifier.modes.words import folded, words
from services.classifier.reading import Text

USER = UUID(int=1)


def hits(text: str, *keywords: str, language: str | None = None) -> dict[str, int]:
    return count(text, language, [keywords])[0]


def owner(*topics: Topic, threshold: float = 0.45, most_topics: int = 3) -> Owner:
    return Owner(USER, topics, Wishes(Mode.KEYWORDS, threshold, most_topics))


def topic(name: str, *keywords: str) -> Topic:
    return Topic(UUID(int=int.from_bytes(name.encode())), name, keywords=keywords)


@pytest.mark.parametrize(
    ("language", "keyword", "text"),
    [
        ("en", "invoice", "All INVOICES of May"),
        ("de", "Rechnung", "die Rechnungen vom März"),
        ("fr", "facture", "nos factures"),
        ("es", "factura", "las facturas pagadas"),
        ("pt", "contrato", "os contratos assinados"),
        ("ru", "договор", "по условиям договора"),
        ("tr", "kitap", "kitaplar"),
        ("de", "Straße", "STRASSE"),
        ("fr", "reçu", "Le rec\u0327u de caisse"),
        ("hi", "चालान", "यह चालान है"),
        ("ar", "فاتورة", "هذه فاتورة"),
        (None, "invoice", "invoices"),
        ("xx", "invoice", "invoices"),
        ("en", "ＩＮＶＯＩＣＥ", "invoice"),
        ("en", "C++", "written in C++, mostly"),
        ("en", "e-mail", "by e-mail or fax"),
        ("en", "€", "100 €"),
    ],
)
def test_a_keyword_is_found_in_any_of_its_forms(language: str | None, keyword: str, text: str) -> None:
    assert hits(text, keyword, language=language) == {keyword: 1}


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("art", "a party"),
        ("bank", "embankment"),
        ("c", "C++"),
        ("amount due", "due amount"),
        ("amount due", "amount is due"),
    ],
)
def test_parts_of_words_and_scattered_phrases_are_not_found(keyword: str, text: str) -> None:
    assert hits(text, keyword, language="en") == {}


@pytest.mark.parametrize(
    ("keyword", "text", "times"),
    [
        ("发票", "请付发票金额，发票号码", 2),
        ("請求書", "請求書を送付します", 1),
        ("ใบแจ้งหนี้", "นี่คือใบแจ้งหนี้ของคุณ", 1),
        ("계약", "계약서를", 1),
    ],
)
def test_without_spaces_a_keyword_is_looked_for_as_it_stands(keyword: str, text: str, times: int) -> None:
    assert hits(text, keyword) == {keyword: times}


def test_phrases_may_overlap_and_share_their_beginning() -> None:
    found = hits(
        "a bank statement, two bank statements of the bank", "bank", "bank statement", "statement of", language="en"
    )
    assert found == {"bank": 3, "bank statement": 2, "statement of": 1}


def test_two_spellings_of_a_keyword_are_both_told() -> None:
    assert hits("invoice", "Invoice", "INVOICE", language="en") == {"Invoice": 1, "INVOICE": 1}


@pytest.mark.parametrize(
    "hostile", ["a" * 100, "(a+)+$", "\\", "[", ".*", "a" * 99 + "b", " ", "", "\0", "%s", "\u0301" * 100]
)
def test_a_keyword_is_never_a_pattern_and_never_slow(hostile: str) -> None:
    started = time.perf_counter()
    assert hits("a" * 200_000 + " end", hostile, language="en") == {}
    assert time.perf_counter() - started < 5


def test_a_hundred_topics_of_fifty_keywords_are_looked_for_at_once() -> None:
    text = " ".join(f"word{at % 3000}" for at in range(22_000))
    keywords = [[f"word{topic * 50 + at} word{topic * 50 + at + 1}" for at in range(50)] for topic in range(100)]
    started = time.perf_counter()
    found = count(text, "en", keywords)
    assert sum(map(len, found)) > 2900
    assert time.perf_counter() - started < 5


def test_the_reason_names_the_most_frequent_keyword() -> None:
    text = Text("Invoice. One invoice, two invoices. Amount due: 3", "text/plain", "en")
    (found,) = file_by_keywords(text, owner(topic("bills", "amount due", "invoice"))).topics
    assert found.reason == "The keyword “invoice” occurs 3 times"


def test_a_keyword_that_occurs_once_says_so() -> None:
    (found,) = file_by_keywords(Text("one invoice", "text/plain", "en"), owner(topic("bills", "invoice"))).topics
    assert (found.reason, found.score) == ("The keyword “invoice” occurs once", 0.5)


def test_a_topic_without_keywords_goes_by_its_name() -> None:
    text = Text("our travels", "text/plain", "en")
    assert [each.name for each in file_by_keywords(text, owner(topic("Travel"), topic("Our", "bank"))).topics] == [
        "Travel"
    ]


async def test_nothing_found_is_filed_nowhere_and_has_no_vector() -> None:
    found = await KeywordFiler().file(Text("nothing", "text/plain"), owner(topic("bills", "invoice")))
    assert (found.topics, found.vector) == ((), None)


async def test_no_topics_are_no_trouble() -> None:
    assert (await KeywordFiler().file(Text("nothing", "text/plain"), owner())).topics == ()


@settings(deadline=None)
@given(st.lists(st.integers(1, 50), max_size=30))
def test_scores_are_bounded_and_grow_with_keywords_and_hits(counts: list[int]) -> None:
    found = score(counts)
    assert 0 <= found <= 1
    assert score([*counts, 1]) >= found
    assert not counts or score([counts[0] + 1, *counts[1:]]) >= found


def test_another_keyword_counts_for_more_than_the_same_once_more() -> None:
    assert score([1, 1]) > score([2]) > score([1]) > score([]) == 0


@settings(deadline=None)
@given(st.text(), st.lists(st.text(max_size=20), max_size=5), st.sampled_from(["en", "de", "ar", "tr", None]))
def test_any_text_and_any_keywords_are_fine(text: str, keywords: list[str], language: str | None) -> None:
    assert all(times > 0 for times in hits(text, *keywords, language=language).values())


@settings(deadline=None)
@given(st.text(st.characters(categories=["L", "N"], max_codepoint=0x4FF), min_size=1, max_size=12))
def test_a_text_that_is_the_keyword_has_it(keyword: str) -> None:
    assert not list(words(folded(keyword))) or hits(keyword, keyword, language="en")
