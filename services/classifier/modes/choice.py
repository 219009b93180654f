"""Which of the scored topics a document is filed under, by its owner's wishes. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from docuvault_contracts.events import FiledTopic

from services.classifier.filing import Wishes


def choose(scored: Iterable[FiledTopic], wishes: Wishes) -> tuple[FiledTopic, ...]:
    """Those that reach the threshold, best first, no more than asked for; the topics' order does not matter."""
    fit = [each for each in scored if each.score >= wishes.threshold]
    return tuple(sorted(fit, key=lambda each: (-each.score, each.name, each.topic_id))[: wishes.most_topics])
