"""One batch of facts in, the ledger's decisions about them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import structlog
from docuvault_contracts.cloudevents import Message

from services.chassis.delivery import Delivery
from services.chassis.tracing_context import trace_id_of
from services.quota.events import decision_message
from services.quota.model import Fact, Reservation
from services.quota.store import Ledger

log = structlog.get_logger(__name__)


class QuotaHandler:
    """Settles facts against the ledger, a batch in one transaction."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def handle(self, batch: Sequence[Delivery[Fact]]) -> Iterator[Message]:
        """The events of what was decided; a replay gives what was decided before. Raises Transient."""
        decided = await self._ledger.settle(batch)
        rejected = sum(each.decision.state == "rejected" for each in decided)
        log.info("quota.batch_settled", size=len(batch), decided=len(decided), rejected=rejected)
        for each in decided:
            if each.decision.state == "rejected":
                _log_rejection(each.decision, trace_id_of(each.traceparent))
        return map(decision_message, decided)


def _log_rejection(decision: Reservation, trace_id: str | None) -> None:
    log.info(
        "quota.rejected",
        trace_id=trace_id,
        user_id=str(decision.user_id),
        document_id=str(decision.document_id),
        version=decision.version,
        reason=decision.reason,
        rejected_bytes=decision.rejected_bytes,
        used_bytes=decision.used_bytes,
        limit_bytes=decision.limit_bytes,
        topic=decision.origin.topic,
        partition=decision.origin.partition,
        offset=decision.origin.offset,
    )
