"""aiokafka's admin, for several brokers of which some may be away: what any can answer, one that is there does."""

from __future__ import annotations

import random
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError


class Admin(AIOKafkaAdminClient):  # type: ignore[misc]  # aiokafka has no types
    """As it is, but that it does not leave it at the first broker that chance gave it, which may have died just now."""

    async def _send_request(self, request: Any, node_id: int | None = None) -> Any:  # noqa: ANN401 - as in the base class
        if node_id is not None:
            return await super()._send_request(request, node_id)
        numbers = [broker.nodeId for broker in self._client.cluster.brokers()]
        for number in random.sample(numbers, len(numbers))[:-1]:
            try:
                return await super()._send_request(request, number)
            except KafkaError:
                numbers.remove(number)
        return await super()._send_request(request, numbers[0] if numbers else None)
