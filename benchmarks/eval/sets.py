"""The sets of topics and their documents: three written for this purpose, one of packages' docstrings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from benchmarks.eval.packages import docstrings
from services.classifier.filing import Topic

DATA = Path(__file__).with_name("data")
OF_PACKAGES = "engineering"
EVERY = 3
"""One document in so many is for evaluation, and is never trained on, nor looked at for any constant."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text whose topic is known; `topic` is its place in the set's topics. `held_out`: for evaluation only."""

    text: str
    topic: int
    language: str
    held_out: bool


@dataclass(frozen=True, slots=True)
class TopicSet:
    """A user's topics, as the user would describe them, and documents that belong to one of them each."""

    name: str
    topics: tuple[Topic, ...]
    documents: tuple[Document, ...]
    more_keywords: tuple[tuple[str, ...], ...] = ()
    """For each topic what a patient user would add, in all languages of the documents; written after the texts."""

    def part(self, *, held_out: bool) -> list[int]:
        """The places of the documents for evaluation, or of those for training."""
        return [at for at, each in enumerate(self.documents) if each.held_out == held_out]


def load() -> list[TopicSet]:
    """All sets, always in the same order."""
    described = json.loads((DATA / "topics.json").read_text(encoding="utf-8"))
    return [_load(name, topics) for name, topics in described.items()]


def _load(name: str, described: Sequence[dict[str, object]]) -> TopicSet:
    topics = tuple(_topic(name, each) for each in described)
    documents = _of_packages(topics) if name == OF_PACKAGES else _written(name, topics)
    return TopicSet(name, topics, tuple(documents), tuple(_words(each["more_keywords"]) for each in described))


def _topic(of: str, each: dict[str, object]) -> Topic:
    name = str(each["name"])
    return Topic(uuid5(NAMESPACE_URL, f"{of}/{name}"), name, str(each["description"]), _words(each["keywords"]))


def _words(found: object) -> tuple[str, ...]:
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _written(name: str, topics: Sequence[Topic]) -> list[Document]:
    place = {topic.name: at for at, topic in enumerate(topics)}
    lines = map(json.loads, (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    return [Document(row["text"], place[row["topic"]], row["language"], row["part"] == "eval") for row in lines]


def _of_packages(topics: Sequence[Topic]) -> list[Document]:
    found = ((at, docstrings(topic.name)) for at, topic in enumerate(topics))
    return [
        Document(text, at, "en", number % EVERY == EVERY - 1)
        for at, texts in found
        for number, text in enumerate(texts)
    ]
