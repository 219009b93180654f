"""Reads the records of the janitor's topics: what was asked for, what was decided and what was deleted."""

from __future__ import annotations

from typing import get_args

from docuvault_contracts import topics
from docuvault_contracts.events import QuotaReserved, UploadRequested

from services.chassis.errors import InvalidEvent
from services.chassis.events import YEARS, FactParser
from services.janitor.decide import Fact

GROUP = "janitor"
TOPICS = (topics.QUOTA.name, topics.DOCUMENTS.name)


def _check_values(fact: Fact) -> None:
    """What is kept of a fact must be such as the database can keep, and reckon with. Raises InvalidEvent."""
    if isinstance(fact, QuotaReserved) and "\0" in fact.etag:
        raise InvalidEvent(f"{fact.type}: a NUL character in the etag")
    if isinstance(fact, UploadRequested):
        times = (fact.requested_at, fact.expires_at, fact.reminded_at)
        if not all(time is None or time.year in YEARS for time in times):
            raise InvalidEvent(f"{fact.type}: a time of no year in which uploads are requested")


parse: FactParser[Fact] = FactParser(get_args(Fact), _check_values)
"""The fact a record tells; none where it is an event that does not concern objects. Raises InvalidEvent."""
