"""Reads the records of the classifier's topics: what was decided, what was deleted, what is to be classified again."""

from __future__ import annotations

from typing import get_args

from docuvault_contracts import topics
from docuvault_contracts.events import INT64_MAX, QuotaRejected, QuotaReleased, QuotaReserved, ReclassifyRequested

from services.chassis.errors import InvalidEvent
from services.chassis.events import YEARS, FactParser
from services.classifier.decide import Fact

GROUP = "classifier"
TOPICS = (topics.QUOTA.name, topics.DOCUMENTS.name)


def _check_values(fact: Fact) -> None:
    """What is kept of a fact must be such as the database can keep, and reckon with. Raises InvalidEvent."""
    if isinstance(fact, QuotaReserved) and "\0" in fact.etag:
        raise InvalidEvent(f"{fact.type}: a NUL character in the etag")
    if isinstance(fact, QuotaReserved | QuotaRejected | QuotaReleased) and fact.version > INT64_MAX:
        raise InvalidEvent(f"{fact.type}: a version beyond all that are counted")
    if isinstance(fact, ReclassifyRequested) and fact.requested_at.year not in YEARS:
        raise InvalidEvent(f"{fact.type}: a time of no year in which anything is asked for")


parse: FactParser[Fact] = FactParser(get_args(Fact), _check_values)
"""The fact a record tells; none where it is an event that does not concern classification. Raises InvalidEvent."""
