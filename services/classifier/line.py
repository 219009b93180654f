"""The line of documents that wait to be classified: claimed, kept, given back, left. Each call is one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

import asyncpg

from services.chassis.postgres import translated
from services.classifier.model import Claim
from services.classifier.store import SQL


class Line(Protocol):
    """Who is next, and what becomes of its place. All raise Transient where the database is away."""

    async def claim(self, passed_over: Collection[UUID]) -> Claim | None:
        """The next document that is due, not of the users that are passed over; its lease begins. None: there is none.

        It counts as an attempt from here on, so that one whose work kills its worker does not come for ever.
        """
        ...

    async def renew(self, claims: Sequence[Claim]) -> None:
        """Begins the leases anew, but of what is not these claims' any more."""
        ...

    async def give_back(self, claim: Claim, delay_seconds: float, *, counted: bool) -> None:
        """Not tried again before `delay_seconds`; `counted` where the document itself may be to blame."""
        ...

    async def leave(self, claim: Claim) -> None:
        """It waits no more, and nothing is said of it; a newer round of it does."""
        ...

    async def length(self) -> int:
        """How many documents wait, those at work among them, on whichever replica."""
        ...


class PgLine:
    """Line on the table `documents`. A lease is `lease_seconds` from its claim or its newest renewal."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], lease_seconds: float) -> None:
        self._pool = pool
        self._lease_seconds = lease_seconds

    async def claim(self, passed_over: Collection[UUID]) -> Claim | None:
        """See Line."""
        with translated():
            row = await self._pool.fetchrow(SQL["claim"], list(passed_over), self._lease_seconds)
        return None if row is None else Claim(**dict(row))

    async def renew(self, claims: Sequence[Claim]) -> None:
        """See Line."""
        ids = [claim.document_id for claim in claims]
        rounds, attempts = [claim.round for claim in claims], [claim.attempts for claim in claims]
        with translated():
            await self._pool.execute(SQL["renew_leases"], ids, rounds, attempts, self._lease_seconds)

    async def give_back(self, claim: Claim, delay_seconds: float, *, counted: bool) -> None:
        """See Line."""
        with translated():
            await self._pool.execute(
                SQL["give_back"], claim.document_id, claim.round, claim.attempts, delay_seconds, counted
            )

    async def leave(self, claim: Claim) -> None:
        """See Line."""
        with translated():
            await self._pool.execute(SQL["leave_line"], claim.document_id, claim.version, claim.round)

    async def length(self) -> int:
        """See Line."""
        with translated():
            return int(await self._pool.fetchval(SQL["line_length"]))
