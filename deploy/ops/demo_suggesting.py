"""The last act of the demo: what the documents of somebody without topics suggest."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.markup import escape

from deploy.local.info import StackInfo
from deploy.ops.demo_client import Api, DemoError, Person
from deploy.ops.demo_desk import Desk, Shown, in_words
from deploy.ops.demo_events import Watcher
from deploy.ops.demo_papers import Paper, paper
from deploy.ops.demo_stage import Stage
from deploy.ops.users import register

KINDS = (("bees-april", "bees-august", "bees-june"), ("choir-advent", "choir-easter", "choir-summer"))
"""Notes of two kinds, which share their words within a kind."""
NO_TOPICS = "You have no topics yet"


def notes() -> list[Paper]:
    """All of them."""
    return [paper(f"{name}.md", "text/markdown", f"{name}.md") for kind in KINDS for name in kind]


@dataclass(frozen=True, slots=True)
class Suggesting:
    """Raises DemoError where it does not do what it must."""

    info: StackInfo
    api: Api
    watcher: Watcher
    stage: Stage
    emil: Person

    async def play(self) -> None:
        """All of it."""
        self.stage.title("Emil has no topics yet: his documents suggest some")
        await register(self.info, self.emil.user_id, self.emil.limit_bytes)
        self.watcher.people[self.emil.user_id] = self.emil.name
        names = {shown["id"]: shown["filename"].removesuffix(".md") for shown in await self._hand_in()}
        found = await self.api.suggestions(self.emil)
        kinds = sorted(_kind(suggestion, names) for suggestion in found)
        if kinds != list(KINDS):
            raise DemoError(f"one suggestion was expected for bees, and one for the choir; they are for {kinds}")
        for suggestion in found:
            self.stage.say(f'"{escape(suggestion["name"])}" for {", ".join(_kind(suggestion, names))}')

    async def _hand_in(self) -> Sequence[Shown]:
        desk = Desk(self.api, self.watcher)
        tickets = await asyncio.gather(*(desk.hand_in(self.emil, each) for each in notes()))
        shown = [await desk.read(ticket) for ticket in tickets]
        for document in shown:
            if document["topics"] or document["reason"] != NO_TOPICS:
                raise DemoError(f"{document['filename']} of one without topics is filed: {in_words(document)}")
        return shown


def _kind(suggestion: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(names[each] for each in suggestion["document_ids"]))
