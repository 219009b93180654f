"""The work on one document: its owner's wishes, its bytes, their text, where it belongs, and the record of that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from services.chassis.failpoints import failpoint
from services.chassis.tracing import span
from services.classifier.filing import Filed, Filer, Mode, Owner, Wishes
from services.classifier.metrics import STAGE_SECONDS
from services.classifier.mismatch import differs
from services.classifier.model import Claim, Conclusion, Result
from services.classifier.reading import NoText, Reader, Source, Text, Unreadable

MOST_ATTEMPTS = 3
"""A document that met a bug of ours in the last of so many attempts is unreadable."""
MOST_BEGUN = 6
"""A document whose work was begun so often without coming to an end is unreadable: it may be what ends the service.

It is more than the other number since what ends or stalls a service several times in a row is mostly no document.
"""


class Owners(Protocol):
    """Whose document it is. Both raise Transient."""

    async def wishes_of(self, user_id: UUID) -> Wishes:
        """How the user's documents are classified."""
        ...

    async def owner(self, user_id: UUID, wishes: Wishes) -> Owner:
        """The user's topics as they are now."""
        ...


class Bytes(Protocol):
    """Where the bytes come from."""

    async def __call__(self, claim: Claim) -> Source | None:
        """The bytes; None where they are gone, or others by now. Raises Transient."""
        ...


class Records(Protocol):
    """Where what came of it goes."""

    async def record(self, claim: Claim, result: Result) -> Conclusion | None:
        """What was recorded; None where the document has moved on. Raises Transient."""
        ...


class Leaving(Protocol):
    """The part of the line that is needed here."""

    async def leave(self, claim: Claim) -> None:
        """It waits no more, and nothing is said of it. Raises Transient."""
        ...


TermsOf = Callable[[str, str | None], tuple[str, ...]]
"""The words that tell most of a text in a language, the first the most; at most 50."""


class Work:
    """What is done with a claim. Each part may raise Transient, and then nothing is recorded."""

    def __init__(  # noqa: PLR0913 - one for each step
        self,
        *,
        owners: Owners,
        fetch: Bytes,
        reader: Reader,
        filer: Filer,
        terms_of: TermsOf,
        records: Records,
        line: Leaving,
    ) -> None:
        self._owners = owners
        self._fetch = fetch
        self._reader = reader
        self._filer = filer
        self._terms_of = terms_of
        self._records = records
        self._line = line

    async def __call__(self, claim: Claim) -> Conclusion | None:
        """What was recorded and said of the document; None where nothing was, and it is out of line, or newer in it."""
        result = Result(Unreadable.UNREADABLE) if claim.attempts > MOST_BEGUN else await self._result(claim)
        if result is None:
            await self._line.leave(claim)
            return None
        return await self.end(claim, result)

    async def end(self, claim: Claim, result: Result) -> Conclusion | None:
        """Records the result and says it. Raises Transient."""
        failpoint("classifier.before_record")
        with timed("record"):
            conclusion = await self._records.record(claim, result)
        failpoint("classifier.after_record")
        return conclusion

    async def _result(self, claim: Claim) -> Result | None:
        """None where there is nothing to be said: its owner wants nothing read, or the bytes are gone.

        What its owner filed by hand is said again even then: it came in line since its bytes were decided about anew.
        """
        with timed("owner"):
            wishes = await self._owners.wishes_of(claim.user_id)
        if wishes.mode is Mode.OFF:
            return Result(Filed(())) if claim.corrected else None
        with timed("fetch"):
            source = await self._fetch(claim)
        return None if source is None else await self._read(claim, wishes, source)

    async def _read(self, claim: Claim, wishes: Wishes, source: Source) -> Result:
        with timed("read"):
            reading = await self._reader.read(source)
        mismatch = differs(source.content_type, reading.media_type)
        if isinstance(reading, NoText):
            return Result(reading.why, reading.media_type, mismatch=mismatch)
        return await self._file(claim, wishes, reading, mismatch=mismatch)

    async def _file(self, claim: Claim, wishes: Wishes, text: Text, *, mismatch: bool) -> Result:
        """The topics are read after the text, which may take long: they are those of this moment."""
        with timed("owner"):
            owner = await self._owner(claim, wishes)
        with timed("file"):
            filed = await self._filer.file(text, owner)
            terms = await asyncio.to_thread(self._terms_of, text.text, text.language)
        return Result(filed, text.media_type, text.language, mismatch, bool(owner.topics), terms)

    async def _owner(self, claim: Claim, wishes: Wishes) -> Owner:
        """Of a document that was filed by hand only the vector is wanted, whichever mode files its owner's others."""
        if claim.corrected:
            return Owner(claim.user_id, (), replace(wishes, mode=Mode.EMBEDDING))
        return await self._owners.owner(claim.user_id, wishes)


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """Measures a stage that comes to its end."""
    began = time.perf_counter()
    with span(f"classifier.{stage}"):
        yield
    STAGE_SECONDS.labels(stage).observe(time.perf_counter() - began)
