"""Files a document by its topics' keywords: whole words, in any of their forms, and phrases of them.

A topic without keywords goes by its name. A keyword in a script without spaces is looked for as it stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from docuvault_contracts.events import FiledTopic

from services.classifier.filing import Filed, Owner, Topic
from services.classifier.modes.choice import choose
from services.classifier.modes.words import folded, is_unspaced, stemmer, words
from services.classifier.reading import Text

FIRST, EACH_KEYWORD, EACH_HIT = 0.5, 0.5, 0.85
"""A hit scores FIRST; another keyword halves what is missing to 1, the same one once more takes 15 % off of it."""

Hits = dict[str, int]
"""Keywords that occur in a text, with how often."""
MOST = 300_000
"""Characters of a text that are searched; some characters become many when they are folded."""


class KeywordFiler:
    """A filing.Filer that needs no model; in a thread, since a long text and many keywords take tenths of a second."""

    async def file(self, text: Text, owner: Owner) -> Filed:
        """The topics whose keywords occur often enough; there is no vector."""
        return await asyncio.to_thread(file_by_keywords, text, owner)


def file_by_keywords(text: Text, owner: Owner) -> Filed:
    """The same, in this thread. Time is linear in text and keywords, whatever they are."""
    hits = count(text.text, text.language, [_keywords(topic) for topic in owner.topics])
    found = [_filed(topic, each) for topic, each in zip(owner.topics, hits, strict=True) if each]
    return Filed(choose(found, owner.wishes))


def score(hits: Iterable[int]) -> float:
    """From 0 to 1, of how often each keyword that occurs does: grows with both, by ever less."""
    counts = sorted(hits)
    if not counts:
        return 0.0
    again = sum(counts) - len(counts)
    return float(1 - (1 - FIRST) * EACH_KEYWORD ** (len(counts) - 1) * EACH_HIT**again)


def count(text: str, language: str | None, keywords: Sequence[Sequence[str]]) -> list[Hits]:
    """For each list of keywords those that occur in the text, with how often."""
    plain, stem = folded(text[:MOST])[:MOST], stemmer(language)
    wanted = {folded(each) for several in keywords for each in several}
    phrases = {each: tuple(stem(word) for word in words(each)) for each in wanted if not _as_it_stands(each)}
    found = _occurrences([stem(word) for word in words(plain)], phrases.values())
    standing = _occurrences(plain, (tuple(each) for each in wanted if _as_it_stands(each)))
    hits = {each: found[phrases[each]] if each in phrases else standing[tuple(each)] for each in wanted}
    return [{each: hits[folded(each)] for each in several if hits[folded(each)]} for several in keywords]


def _as_it_stands(keyword: str) -> bool:
    """Whether it is looked for character by character: of a script without spaces, or a sign alone."""
    return any(map(is_unspaced, keyword)) or not any(words(keyword))


@dataclass(slots=True)
class _Node:
    """A place in the tree of phrases, a part a step; `phrase` is the one that ends here."""

    then: dict[str, _Node] = field(default_factory=dict)
    phrase: tuple[str, ...] = ()


def _occurrences(parts: Sequence[str], phrases: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    """How often each phrase begins at a part; the tree makes a hostile set of them as cheap as any."""
    found = dict.fromkeys(phrases, 0)
    tree = _tree(found)
    for start, part in enumerate(parts):
        node, at = tree.then.get(part), start + 1
        while node:
            if node.phrase:
                found[node.phrase] += 1
            node, at = node.then.get(parts[at]) if at < len(parts) else None, at + 1
    return found


def _tree(phrases: Iterable[tuple[str, ...]]) -> _Node:
    root = _Node()
    for phrase in phrases:
        node = root
        for part in phrase:
            node = node.then.setdefault(part, _Node())
        node.phrase = phrase
    return root


def _keywords(topic: Topic) -> tuple[str, ...]:
    return topic.keywords or (topic.name,)


def _filed(topic: Topic, hits: Hits) -> FiledTopic:
    return FiledTopic(topic_id=topic.id, name=topic.name, score=score(hits.values()), reason=reason(hits))


def reason(hits: Hits) -> str:
    """Which keyword says so: `The keyword “invoice” occurs 3 times`."""
    said = occurrence(hits)
    return said[0].upper() + said[1:]


def occurrence(hits: Hits) -> str:
    """Of the most frequent one: `the keyword “invoice” occurs 3 times`."""
    keyword, times = max(hits.items(), key=lambda hit: hit[1])
    return f"the keyword “{keyword}” occurs {'once' if times == 1 else f'{times} times'}"
