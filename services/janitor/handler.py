"""One batch of facts in, the removals it led to out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog
from docuvault_contracts.cloudevents import Message

from services.chassis.delivery import Delivery
from services.janitor.decide import Fact, State
from services.janitor.events import removed_message
from services.janitor.removal import Remover
from services.janitor.store import Objects

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class JanitorHandler:
    """Learns what a batch tells, then removes the objects that have to go.

    Three steps, none of them a transaction around another: what was heard is committed, the objects go, that they are
    gone is committed. After a crash in between the batch comes again, finds the same orders, deletes what is gone
    already, and says so under the same ids.
    """

    def __init__(self, objects: Objects, remover: Remover, now: Callable[[], datetime] = utc_now) -> None:
        self._objects = objects
        self._remover = remover
        self._now = now

    async def handle(self, batch: Sequence[Delivery[Fact]]) -> list[Message]:
        """One object.removed for each key of the batch that has to go. Raises Transient, having removed a part."""
        known = await self._objects.learn([delivery.event for delivery in batch], self._now())
        orders = [each for each in known if each.state is not State.KEEP]
        gone = await self._objects.mark_removed(await self._remover.remove(orders), self._now())
        log.info("janitor.batch_settled", size=len(batch), removed=len(gone), kept=len(known) - len(orders))
        traces = {delivery.event.object_key: delivery.traceparent for delivery in batch}
        return [removed_message(removal, traces[removal.object_key]) for removal in gone]
