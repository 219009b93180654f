"""How the users of a load have their documents classified: their modes, their topics, and what they write. Pure.

The model takes some 50 to 200 ms of a core for a document, so one user alone has it; the texts are short for the same
reason, and filled up with what nobody reads.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

OFF = "off"
READABLE = (".txt", ".html")
"""The ends of the keys of what can be read."""
MODES = ("keywords", OFF, "embedding", "keywords", "keywords", "keywords", OFF, "keywords")
"""Of one user after the other."""
TOPICS: Mapping[str, tuple[str, ...]] = {"Invoices": ("invoice", "payment"), "Journeys": ("flight", "hotel")}
"""Keywords, by name."""
PASSING = "Numbers"
"""One more topic, which its owner deletes in the middle of the load."""
PASSING_KEYWORDS = ("number",)
SENTENCES = (
    "Invoice {}: please send the payment within {} days.",
    "Flight {} is booked, and a hotel for {} nights.",
    "Number {} is about nothing of all that, nor is {}.",
)


def mode_of(number: int) -> str:
    """The mode of the user of this number, from 0."""
    return MODES[number % len(MODES)]


def write_document(chance: random.Random, most_bytes: int) -> tuple[str, bytes]:
    """A filename, and bytes of any size up to `most_bytes`: a text, a page, or what is neither."""
    name, write = chance.choices([*_WRITERS.items()], [5, 3, 3])[0]
    return name, write(chance, most_bytes)


def rewrite(chance: random.Random, name: str, most_bytes: int) -> bytes:
    """Other bytes of the same kind."""
    return _WRITERS[name](chance, most_bytes)


def _plain(chance: random.Random, most_bytes: int) -> bytes:
    text = _sentence(chance)
    return (text + " " * chance.randint(0, most_bytes - len(text))).encode()


def _page(chance: random.Random, most_bytes: int) -> bytes:
    start = f"<!DOCTYPE html><html><body><p>{_sentence(chance)}</p><!--"
    end = "--></body></html>"
    return (start + " " * chance.randint(0, most_bytes - len(start) - len(end)) + end).encode()


def _noise(chance: random.Random, most_bytes: int) -> bytes:
    return chance.randbytes(chance.randint(1, most_bytes))


def _sentence(chance: random.Random) -> str:
    return chance.choice(SENTENCES).format(chance.randrange(10**9), chance.randrange(10**6))


_WRITERS: Mapping[str, Callable[[random.Random, int], bytes]] = {
    "notes.txt": _plain,
    "page.html": _page,
    "report.pdf": _noise,
}
