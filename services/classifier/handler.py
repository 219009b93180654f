"""One batch of facts in; nothing is published, since what comes of them is said by who works through the line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import structlog
from docuvault_contracts.cloudevents import Message

from services.chassis.delivery import Delivery
from services.classifier.decide import Fact
from services.classifier.model import Known

log = structlog.get_logger(__name__)


class Documents(Protocol):
    """What the handler needs of the store."""

    async def learn(self, batch: Sequence[Delivery[Fact]]) -> Sequence[Known]:
        """Adds the facts in their order, in one transaction; those documents that are another than they were.

        Raises Transient.
        """
        ...


class ClassifierHandler:
    """Writes down what a batch tells, and puts documents in line; a replay finds it written."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def handle(self, batch: Sequence[Delivery[Fact]]) -> Sequence[Message]:
        """Publishes nothing. Raises Transient."""
        changed = await self._documents.learn(batch)
        log.info(
            "classifier.batch_heard",
            size=len(batch),
            changed=len(changed),
            in_line=sum(known.enters for known in changed),
        )
        return ()
