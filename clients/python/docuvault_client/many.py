"""Several uploads side by side: what goes wrong with one takes nothing from the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from docuvault_contracts.http import Document

from docuvault_client.errors import DocuvaultError, Unauthorized, first_of
from docuvault_client.progress import Watch
from docuvault_client.sources import Source


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a source: a document, or why there is none."""

    source: Source
    document: Document | None = None
    error: DocuvaultError | None = None


Upload = Callable[[int, Source, Watch], Awaitable[Document]]
"""Stores the source at that place."""
Done = Callable[[Outcome], None]


async def upload_all(
    upload: Upload, sources: Sequence[Source], parallel: int, watch: Callable[[Source], Watch], done: Done
) -> list[Outcome]:
    """What became of each, in their order. Nothing more is begun once the token is not good any more."""
    outcomes: dict[int, Outcome] = {}
    waiting = iter(enumerate(sources))
    locked_out: list[Unauthorized] = []

    async def one(place: int, source: Source) -> Outcome:
        if locked_out:
            return Outcome(source, error=locked_out[0])
        try:
            return Outcome(source, await upload(place, source, watch(source)))
        except Unauthorized as error:
            locked_out.append(error)
            return Outcome(source, error=error)
        except DocuvaultError as error:
            return Outcome(source, error=error)

    async def work() -> None:
        for place, source in waiting:
            outcomes[place] = await one(place, source)
            done(outcomes[place])

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(max(1, min(parallel, len(sources)))):
                group.create_task(work())
    except BaseExceptionGroup as troubles:  # of who watches: a pipe that was closed, say
        raise first_of(troubles) from None
    return [outcomes[place] for place in range(len(sources))]
