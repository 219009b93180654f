"""The second act of the demo, filing: documents find the topics of their owner, and follow when she corrects one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

from rich.markup import escape

from deploy.local.info import StackInfo
from deploy.ops.demo_client import Api, DemoError, Person, Ticket
from deploy.ops.demo_desk import OK, Desk, Shown, in_words, must_be_filed
from deploy.ops.demo_events import Watcher
from deploy.ops.demo_papers import PDF, TEXT, WORD, Paper, docx, locked_pdf, paper, pdf
from deploy.ops.demo_stage import Stage
from deploy.ops.users import register

BY_EXAMPLE = "Like a document that you filed here"
BY_HAND = "You filed it here"
LOCKED = ("classification_failed", "The file is protected by a password")
TOPICS = {
    "Invoices": "Bills from shops and craftsmen: what was bought, the amount due, VAT, when and how to pay",
    "Recipes": "Recipes for cooking and baking, with ingredients and steps",
    "Travel": "Journeys and holidays: train tickets, flights, hotels, bookings and itineraries",
    "Medical": "Health: doctors' letters, findings, laboratory results, prescriptions, vaccinations",
}
FRIENDS = "Furry friends"
"""By this name alone a letter about a cat is not found: it is Medical all the same."""
LIAR = "lasagne-recipe.txt"
"""A laboratory's report, as a PDF."""


def papers() -> dict[str, list[Paper]]:
    """By the topic each belongs under, in English, German, French and Spanish."""
    return {
        "Invoices": [paper("invoice-2041.pdf", PDF, "invoice.txt", pdf)],
        "Recipes": [paper("zimtschnecken.docx", WORD, "zimtschnecken.txt", docx)],
        "Travel": [
            paper("lyon.html", "text/html", "lyon.html"),
            paper("dolomites.md", "text/markdown", "dolomites.md"),
        ],
        "Medical": [
            paper("cita.eml", "message/rfc822", "cita.eml"),
            paper(LIAR, TEXT, "blood-test.txt", pdf),
        ],
    }


@dataclass(frozen=True, slots=True)
class Filing:
    """Plays the steps in order; each raises DemoError where it does not do what it must."""

    info: StackInfo
    api: Api
    watcher: Watcher
    stage: Stage
    dora: Person

    async def play(self) -> None:
        """All of it."""
        await register(self.info, self.dora.user_id, self.dora.limit_bytes)
        self.watcher.people[self.dora.user_id] = self.dora.name
        await self._make_topics()
        await self._file_several()
        await self._meet_a_locked_file()
        await self._correct()
        await self._follow()

    async def _make_topics(self) -> None:
        self.stage.title("Dora has topics of her own: a name and a sentence each")
        for name, about in TOPICS.items():
            await self.api.make_topic(self.dora, name, about)
            self.stage.say(f"{name}: {about}")

    async def _file_several(self) -> None:
        self.stage.title("Documents of five types, in four languages, are read and filed")
        given = [(topic, each) for topic, some in papers().items() for each in some]
        started = time.monotonic()
        tickets = await asyncio.gather(*(self._desk.hand_in(self.dora, each) for _, each in given))
        shown = [await self._desk.read(ticket) for ticket in tickets]
        seconds = time.monotonic() - started
        self._show(shown)
        self.stage.say(f"{len(shown)} documents put, paid for, read and filed in {seconds:.1f} s")
        for (topic, _), document in zip(given, shown, strict=True):
            must_be_filed(document, topic)
        await self._unmask(next(ticket for ticket in tickets if ticket.filename == LIAR))

    def _show(self, documents: Iterable[Shown]) -> None:
        rows = [
            (shown["filename"], topic["name"], f"{topic['score']:.2f}", topic["reason"])
            for shown in documents
            for topic in shown["topics"]
        ]
        self.stage.table("Filed", ("document", "topic", "score", "why"), rows, numbers=False)

    async def _unmask(self, liar: Ticket) -> None:
        """The event says what it is by its content."""
        heard = await self.watcher.until_seen("document.classified", liar.document_id)
        if PDF not in heard.detail:
            raise DemoError(f"{LIAR} is a PDF, and was taken for something else: {heard.detail}")
        self.stage.say(f"{LIAR} calls itself {liar.content_type}. It is a PDF, and a laboratory's report")

    async def _meet_a_locked_file(self) -> None:
        self.stage.title("A file that cannot be read says why")
        ticket = await self._desk.hand_in(self.dora, Paper("contract.pdf", PDF, locked_pdf()))
        document = await self._desk.read(ticket)
        if (document["status"], document["reason"]) != LOCKED:
            raise DemoError(f"contract.pdf has a password, and is shown as {in_words(document)}")
        self.stage.say(f"contract.pdf: {document['reason']}. It is stored and paid for like any other")

    async def _correct(self) -> None:
        self.stage.title("A document is filed otherwise than its owner wants: she corrects it")
        ticket = await self._desk.hand_in(self.dora, paper("vet-april.pdf", PDF, "vet-april.txt", pdf))
        must_be_filed(document := await self._desk.read(ticket), "Medical")
        self._tell("A letter from the vet, in English", document)
        made = await self.api.make_topic(self.dora, FRIENDS, "")
        self.stage.say(f"The patient is a cat. Dora makes a topic {FRIENDS}, a name alone, and files it there")
        (await self.api.correct(ticket, made)).must_be(OK, "a correction")
        document = await self._desk.until(ticket, _is_by_hand, "filed as its owner said")
        must_be_filed(document, FRIENDS, BY_HAND)
        self._tell("The same letter", document)

    async def _follow(self) -> None:
        self.stage.title("The next one follows the correction, in another language")
        ticket = await self._desk.hand_in(self.dora, paper("tierarzt-oktober.docx", WORD, "vet-oktober.txt", docx))
        must_be_filed(document := await self._desk.read(ticket), FRIENDS, BY_EXAMPLE)
        self._tell("A letter from another vet, in German", document)

    def _tell(self, what: str, document: Shown) -> None:
        self.stage.say(f"{what}: [green]{escape(in_words(document))}[/green]")

    @property
    def _desk(self) -> Desk:
        return Desk(self.api, self.watcher)


def _is_by_hand(shown: Shown) -> bool:
    return [topic["reason"] for topic in shown["topics"]] == [BY_HAND]
