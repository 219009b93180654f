"""The brokers of a cluster: who leads what, how to move it, and when all is in sync again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import AlterPartitionReassignmentsRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Int8, Int16, Int32, Schema, String

from deploy.local.kafka_nodes import Node, folder_of, nodes_of
from deploy.local.server_kafka import behind_on
from deploy.ops.kafka_admin import Admin
from tests.faults.support.site import Site
from tests.stack.support.waiting import eventually

WHOLE_SECONDS = 180.0
PREFERRED = 0
TIMEOUT_MS = 10_000
ELECTION_NOT_NEEDED = 84


class _ElectLeadersResponse(Response):  # type: ignore[misc]  # aiokafka has no types
    API_KEY, API_VERSION = 43, 1
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        (
            "results",
            Array(
                ("topic", String("utf-8")),
                ("partitions", Array(("id", Int32), ("error_code", Int16), ("message", String("utf-8")))),
            ),
        ),
    )


class _ElectLeadersStruct(RequestStruct):  # type: ignore[misc]
    API_KEY, API_VERSION, RESPONSE_TYPE = 43, 1, _ElectLeadersResponse
    SCHEMA = Schema(
        ("election_type", Int8),
        ("topics", Array(("topic", String("utf-8")), ("partitions", Array(Int32)))),
        ("timeout_ms", Int32),
    )


class _ElectLeaders(Request[_ElectLeadersStruct]):  # type: ignore[misc]
    """What aiokafka's admin does not offer: https://kafka.apache.org/protocol, ElectLeaders."""

    API_KEY = 43

    def __init__(self, topics: Mapping[str, Sequence[int]]) -> None:
        self._topics = [(name, list(numbers)) for name, numbers in topics.items()]

    def build(self, struct: type[_ElectLeadersStruct]) -> _ElectLeadersStruct:
        return struct(PREFERRED, self._topics, TIMEOUT_MS)


@dataclass(frozen=True, slots=True)
class Brokers:
    """Kafka's nodes as an operator sees them, by way of those that answer."""

    site: Site
    admin: AIOKafkaAdminClient

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, whether they run or not."""
        return nodes_of(self.site.stack.settings)

    def name(self, number: int) -> str:
        """Of the process of a node."""
        return self.nodes[number - 1].name

    def others(self, *numbers: int) -> list[int]:
        """The numbers of the nodes that are none of these."""
        return [node.number for node in self.nodes if node.number not in numbers]

    async def leaders(self, topic: str) -> list[int]:
        """The node that leads each partition of a topic."""
        return [each["leader"] for each in await self._partitions(topic)]

    async def in_sync(self, topic: str) -> list[int]:
        """On how many nodes each partition of a topic is in sync."""
        return [len(each["isr"]) for each in await self._partitions(topic)]

    async def _partitions(self, topic: str) -> list[Any]:
        described = await self.admin.describe_topics([topic])
        return sorted(described[0]["partitions"], key=lambda each: int(each["partition"]))

    async def coordinator(self, group: str) -> int:
        """The node that keeps a group's members and offsets."""
        return int(await self.admin.find_coordinator(group))

    def controller(self) -> int:
        """The node that leads the controllers, as the last one to have heard of an election has it."""
        found = [
            folder_of(self.site.stack.layout, node) / "data/__cluster_metadata-0/quorum-state" for node in self.nodes
        ]
        states = [json.loads(path.read_text()) for path in found if path.exists()]
        return int(max(states, key=lambda state: int(state["leaderEpoch"]))["leaderId"])

    async def prefer(self, topic: str, first: int) -> None:
        """Makes a node the one that ought to lead all of a topic, and lead it."""
        order = [first, *self.others(first)]
        wanted: list[Any] = [(topic, [(each["partition"], order, {}) for each in await self._partitions(topic)], {})]
        answer = await self.admin._send_to_controller(AlterPartitionReassignmentsRequest(TIMEOUT_MS, wanted, {}))  # noqa: SLF001
        assert not answer.error_code, answer
        await self.elect(topic)
        await eventually(lambda: self.leaders(topic), becomes=[first] * len(wanted[0][1]))

    async def elect(self, *topics: str) -> None:
        """Moves what another node leads to the one that ought to lead it. Raises KafkaError."""
        wanted = {topic: range(len(await self._partitions(topic))) for topic in topics}
        answer = await self.admin._send_to_controller(_ElectLeaders(wanted))  # noqa: SLF001 - there is no public way
        codes = {code for _, partitions in answer.results for _, code, _ in partitions} | {answer.error_code}
        for code in codes - {0, ELECTION_NOT_NEEDED}:
            raise for_code(code)

    async def whole(self) -> None:
        """Returns when every node runs and keeps in sync what it ought to keep."""
        await eventually(self._behind, becomes=0, within=WHOLE_SECONDS)

    async def _behind(self) -> int | str:
        try:
            described = await self.admin.describe_topics()
        except (KafkaError, OSError, TimeoutError) as error:
            return f"{type(error).__name__}: {error}"
        return sum(behind_on(node.number, described) for node in self.nodes)


@asynccontextmanager
async def open_brokers(site: Site) -> AsyncIterator[Brokers]:
    """Opened while the nodes are well."""
    admin = Admin(**site.info.kafka, request_timeout_ms=5000)
    await admin.start()
    try:
        yield Brokers(site, admin)
    finally:
        await admin.close()
