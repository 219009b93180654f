"""Papers of several types and themes; the same seed makes the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from random import Random

from benchmarks.papers.packages import docx
from benchmarks.papers.pdfs import pdf

WORDS, PAGES, WORDS_A_PAGE = 100, 10, 350
_LINE = 12
"""Words of a line."""

THEMES: Mapping[str, str] = {
    "Invoices": "The amount of this invoice is due within fourteen days of delivery. Please name the number of the "
    "order with your payment. Value added tax of nineteen percent is included in the total. A reminder is sent when "
    "the account is not settled in time.",
    "Cooking": "Peel the apples and cut them into thin slices. Mix flour, butter and sugar to a dough and let it rest "
    "in a cool place. Bake the cake for forty five minutes until it is golden. Serve it warm with whipped cream.",
    "Travel": "The train leaves the central station at half past seven and arrives before noon. The hotel lies close "
    "to the harbour and breakfast is included. Bring a passport and a jacket against the rain. The guided tour of the "
    "old town lasts two hours.",
    "Health": "The patient reports pain in the left knee after long walks. Blood pressure and pulse are within the "
    "normal range. Physiotherapy twice a week is advised, and a tablet after meals. The next examination is in three "
    "months.",
    "Housing": "The tenant pays the rent on the third day of each month. The heating is serviced once a year by the "
    "landlord. Repairs of the roof and of the stairs are announced a week before. The deposit is returned when the "
    "keys are handed over.",
}
"""Topics, each with sentences of its own."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A document's bytes, and what its client would call it."""

    suffix: str
    content_type: str
    data: bytes


def text_of(words: int, seed: int) -> str:
    """So many words of one theme, its sentences in an order that the seed draws."""
    random = Random(seed)  # noqa: S311 - a drawing, no secret
    sentences = [f"{each.strip()}." for each in list(THEMES.values())[seed % len(THEMES)].split(".") if each.strip()]
    random.shuffle(sentences)
    return " ".join(islice(cycle(" ".join(sentences).split()), words))


def _lined(words: int, seed: int) -> str:
    all_words = text_of(words, seed).split()
    return "\n".join(" ".join(all_words[at : at + _LINE]) for at in range(0, words, _LINE))


def short_text(seed: int) -> Paper:
    """A plain text of WORDS words."""
    return Paper(".txt", "text/plain", f"Note {seed}\n\n{_lined(WORDS, seed)}\n".encode())


def long_pdf(seed: int) -> Paper:
    """A PDF of PAGES pages, a hundred lines to three."""
    pages = (f"Page {page} of {seed}\n{_lined(WORDS_A_PAGE, seed + page)}" for page in range(PAGES))
    return Paper(".pdf", "application/pdf", pdf(*pages))


def word_document(seed: int) -> Paper:
    """A Word document of a page or two."""
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return Paper(".docx", kind, docx(f"Letter {seed}. {text_of(5 * WORDS, seed)}"))


def web_page(seed: int) -> Paper:
    """A web page with a heading and paragraphs."""
    body = "".join(f"<p>{text_of(WORDS, seed)}</p>" for _ in range(3))
    page = f"<!DOCTYPE html><html><head><title>{seed}</title></head><body><h1>Page {seed}</h1>{body}</body></html>"
    return Paper(".html", "text/html", page.encode())


def mail(seed: int) -> Paper:
    """A mail of one part."""
    head = (
        "From: Ann <ann@example.org>",
        "To: Bob <bob@example.org>",
        f"Subject: Number {seed}",
        "Date: Mon, 3 Mar 2025 10:00:00 +0000",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
    )
    body = _lined(2 * WORDS, seed).replace("\n", "\r\n")
    return Paper(".eml", "message/rfc822", "\r\n".join((*head, "", body, "")).encode())


MAKERS: tuple[Callable[[int], Paper], ...] = (short_text, long_pdf, word_document, web_page, mail)


def mixed(number: int) -> list[Paper]:
    """So many papers, the types taking turns, no two the same."""
    return [MAKERS[seed % len(MAKERS)](seed) for seed in range(number)]
