"""Where the demo hands documents in, and waits to see where they are filed."""

from __future__ import annotations

import time
from asyncio import sleep
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.ops.demo_client import Api, DemoError, Person, Ticket
from deploy.ops.demo_events import Watcher
from deploy.ops.demo_papers import Paper

OK = 200
POLL_SECONDS = 0.1
READ_SECONDS = 60.0
"""A document is filed within a second or two; this bounds a slow machine."""
READ = {"classified", "classification_failed"}

Shown = Mapping[str, Any]
"""A document as the API shows it to its owner."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Raises DemoError where a document is refused, or is not read in time."""

    api: Api
    watcher: Watcher

    async def hand_in(self, person: Person, paper: Paper) -> Ticket:
        """Returns when it is paid for."""
        ticket = await self.api.request_upload(person, paper.filename, paper.content_type)
        self.watcher.files[ticket.document_id] = paper.filename
        await self.api.put(ticket, paper.data)
        (await self.api.confirm(ticket)).must_be(OK, f"confirming {paper.filename}")
        return ticket

    async def read(self, ticket: Ticket) -> Shown:
        """The document, once it is classified or could not be."""
        return await self.until(ticket, lambda shown: shown["status"] in READ, "read")

    async def until(self, ticket: Ticket, becomes: Callable[[Shown], bool], what: str) -> Shown:
        """The document, once it is so; `what` says how, where it does not become so."""
        end = time.monotonic() + READ_SECONDS
        while not becomes(shown := (await self.api.document(ticket)).must_be(OK, ticket.filename).body):
            if time.monotonic() > end:
                raise DemoError(f"{ticket.filename} is not {what} within {READ_SECONDS:.0f} s: {in_words(shown)}")
            await sleep(POLL_SECONDS)
        found: Shown = shown
        return found


def must_be_filed(shown: Shown, topic: str, reason: str = "") -> None:
    """Raises DemoError where the document is not filed under this topic alone, for a reason that begins so."""
    filed = [each["name"] for each in shown["topics"]]
    if filed != [topic] or not shown["topics"][0]["reason"].startswith(reason):
        raise DemoError(f"{shown['filename']} belongs under {topic} {reason}: {in_words(shown)}")


def in_words(shown: Shown) -> str:
    """Where the document is filed, how surely and why."""
    topics = [f"{each['name']} {each['score']:.2f} ({each['reason']})" for each in shown["topics"]]
    return ", ".join(topics) or f"{shown['status']}: {shown['reason'] or 'no reason'}"
