"""What any broker can answer is answered as long as one is there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError, NodeNotReadyError

from deploy.ops.kafka_admin import Admin


class Cluster:
    """Brokers 1 to 3, of which those in `away` do not answer."""

    def __init__(self, *away: int) -> None:
        self.cluster = self
        self.asked: list[int] = []
        self._away = away

    def brokers(self) -> list[Any]:
        return [SimpleNamespace(nodeId=number) for number in (1, 2, 3)]

    async def send(self, number: int, request: object) -> object:
        self.asked.append(number)
        if number in self._away:
            raise NodeNotReadyError(str(number))
        return request


async def ask(cluster: Cluster, number: int | None = None) -> object:
    """As the driver's own methods do."""
    admin = Admin.__new__(Admin)
    admin.__dict__.update(_client=cluster, _closed=True)
    return await admin._send_request("request", number)  # noqa: SLF001 - there is no public way to it


@pytest.mark.parametrize("there", [1, 2, 3])
async def test_the_one_that_is_there_answers(there: int) -> None:
    for _ in range(20):  # whichever is asked first
        cluster = Cluster(*{1, 2, 3} - {there})
        assert await ask(cluster) == "request"
        assert cluster.asked[-1] == there


async def test_with_none_there_it_says_so_once_all_were_asked() -> None:
    cluster = Cluster(1, 2, 3)
    with pytest.raises(KafkaError):
        await ask(cluster)
    assert sorted(cluster.asked) == [1, 2, 3]


async def test_what_one_of_them_alone_can_answer_is_asked_of_that_one() -> None:
    cluster = Cluster(2)
    with pytest.raises(KafkaError):
        await ask(cluster, 2)
    assert cluster.asked == [2]
