"""The first act of the demo, storage and quota: what is shown, and what must come of each step."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from deploy.local.info import StackInfo
from deploy.ops.demo_client import Answer, Api, DemoError, Person, Ticket
from deploy.ops.demo_events import Watcher
from deploy.ops.demo_stage import Stage
from deploy.ops.users import register

OK, TOO_LARGE, NO_CONTENT, NOT_FOUND = 200, 413, 204, 404
POLL_SECONDS = 0.2
NOTIFIED_SECONDS = 30.0
"""The store tells of an object within about three seconds; this bounds a slow machine."""
DECIDED = {OK: "quota.reserved", TOO_LARGE: "quota.rejected"}
"""The event each answer to a confirm comes from."""
TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "txt": "text/plain", "mp4": "video/mp4"}


@dataclass(frozen=True, slots=True)
class Story:
    """Plays the steps in order; each raises DemoError where it does not do what it must."""

    info: StackInfo
    api: Api
    watcher: Watcher
    stage: Stage
    ada: Person
    ben: Person
    cleo: Person

    async def play(self) -> None:
        """All of it."""
        await self._meet()
        await self._show_quotas("before")
        photo = await self._upload_several()
        await self._upload_too_much()
        await self._die_after_the_put()
        await self._race()
        await self._delete(photo)
        await self._show_quotas("after")

    async def _meet(self) -> None:
        self.stage.title("Three people, each with a limit")
        for person in self._people():
            await register(self.info, person.user_id, person.limit_bytes)
            self.watcher.people[person.user_id] = person.name
            self.stage.say(f"{person.name} may store {person.limit_bytes:,} bytes")

    async def _upload_several(self) -> Ticket:
        self.stage.title("Files go through presigned URLs straight into the store")
        self.stage.say("They hold random bytes: the classifier says later that it cannot read them")
        photo, *_ = await asyncio.gather(
            self._upload(self.ada, "photo.jpg", 41_000),
            self._upload(self.ada, "report.pdf", 24_500),
            self._upload(self.ben, "notes.txt", 1_200),
            self._upload(self.ben, "slides.pdf", 60_000),
        )
        return photo

    async def _upload_too_much(self) -> None:
        self.stage.title("A file that does not fit is refused, and leaves no bytes")
        ticket = await self._put(self.ben, "film.mp4", 50_000)
        answer = await self._confirm(ticket)
        answer.must_be(TOO_LARGE, "a file that does not fit")
        (await self.api.document(ticket)).must_be(NOT_FOUND, "a refused document")
        await self.watcher.until_seen("object.removed", ticket.document_id)

    async def _die_after_the_put(self) -> None:
        self.stage.title("A client dies right after its PUT: nobody confirms")
        ticket = await self._put(self.ada, "diary.txt", 9_000)
        started = time.monotonic()
        while (await self.api.document(ticket)).must_be(OK, "a document on its way").body["status"] == "pending":
            if time.monotonic() - started > NOTIFIED_SECONDS:
                raise DemoError(
                    f"{ticket.filename} is not uploaded by its notification within {NOTIFIED_SECONDS:.0f} s"
                )
            await asyncio.sleep(POLL_SECONDS)
        self.stage.say(f"Ada's diary.txt is uploaded all the same, {time.monotonic() - started:.1f} s later")

    async def _race(self) -> None:
        self.stage.title("Two files race for the last bytes: exactly one gets them")
        tickets = [await self._put(self.cleo, name, 30_000) for name in ("left.pdf", "right.pdf")]
        answers = await asyncio.gather(*(self._confirm(ticket) for ticket in tickets))
        statuses = sorted(answer.status for answer in answers)
        if statuses != [OK, TOO_LARGE]:
            raise DemoError(f"one 200 and one 413 were expected, the answers are {statuses}")
        loser = tickets[0] if answers[0].status == TOO_LARGE else tickets[1]
        await self.watcher.until_seen("object.removed", loser.document_id)

    async def _delete(self, ticket: Ticket) -> None:
        self.stage.title("A document is deleted: its bytes are free again")
        before = (await self.api.quota(ticket.person))["used_bytes"]
        (await self.api.delete(ticket)).must_be(NO_CONTENT, "a delete")
        await self.watcher.until_seen("quota.released", ticket.document_id)
        await self.watcher.until_seen("object.removed", ticket.document_id)
        after = (await self.api.quota(ticket.person))["used_bytes"]
        self.stage.say(f"{ticket.person.name} deletes {ticket.filename}: {before:,} bytes in use become {after:,}")
        if before - after != 41_000:  # noqa: PLR2004 - the size of the photo
            raise DemoError(f"the quota fell by {before - after} bytes instead of 41000")

    async def _upload(self, person: Person, filename: str, size: int) -> Ticket:
        ticket = await self._put(person, filename, size)
        (await self._confirm(ticket)).must_be(OK, f"confirming {filename}")
        return ticket

    async def _confirm(self, ticket: Ticket) -> Answer:
        """Confirms and says the answer, after the event that it comes from."""
        answer = await self.api.confirm(ticket)
        if answer.status in DECIDED:
            await self.watcher.until_seen(DECIDED[answer.status], ticket.document_id)
        self.stage.say(f"{ticket.person.name} confirms {ticket.filename}: {_in_words(answer)}")
        return answer

    async def _put(self, person: Person, filename: str, size: int) -> Ticket:
        ticket = await self.api.request_upload(person, filename, TYPES[filename.rpartition(".")[2]])
        self.watcher.files[ticket.document_id] = filename
        started = time.monotonic()
        await self.api.put(ticket, secrets.token_bytes(size))
        self.stage.say(
            f"{person.name} puts {size:,} bytes of {filename} ({(time.monotonic() - started) * 1000:.0f} ms)"
        )
        return ticket

    async def _show_quotas(self, when: str) -> None:
        rows = []
        for person in self._people():
            quota = await self.api.quota(person)
            used, limit = quota["used_bytes"], quota["limit_bytes"]
            rows.append((person.name, f"{used:,}", f"{limit:,}", f"{limit - used:,}"))
        self.stage.table(f"Quotas {when}", ("user", "used", "limit", "free"), rows, numbers=True)

    def _people(self) -> Iterable[Person]:
        return (self.ada, self.ben, self.cleo)


def _in_words(answer: Answer) -> str:
    if answer.status == OK:
        return "[green]200[/green], {size_bytes:,} bytes stored, {used_bytes:,} in use".format(**answer.body)
    if answer.status == TOO_LARGE:
        told = "{rejected_bytes:,} bytes do not fit, {used_bytes:,} of {limit_bytes:,} are in use"
        return f"[yellow]413[/yellow], {told.format(**answer.body['detail'])}"
    return f"[red]{answer.status}[/red]"
