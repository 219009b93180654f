"""What a consumer group has committed, as anybody may ask: it needs no member of the group, and disturbs none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.commit import OffsetFetchRequest
from aiokafka.structs import OffsetAndMetadata, TopicPartition


async def committed(admin: AIOKafkaAdminClient, group: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
    """What the group's coordinator answers. Raises KafkaError, a retriable one where it is not there yet."""
    coordinator = await admin.find_coordinator(group)
    return offsets_of(await admin._send_request(OffsetFetchRequest(group, None), coordinator))  # noqa: SLF001 - see below


def offsets_of(response: Any) -> Mapping[TopicPartition, OffsetAndMetadata]:  # noqa: ANN401 - aiokafka has no types
    """What a coordinator answered. Raises the KafkaError that it answered.

    aiokafka's admin takes the answer of one that is still loading, after a restart, for a group without offsets.
    """
    found: dict[TopicPartition, OffsetAndMetadata] = {}
    codes = {response.error_code}
    for topic, partitions in response.topics:
        for partition, offset, metadata, code in partitions:
            codes.add(code)
            found[TopicPartition(topic, partition)] = OffsetAndMetadata(offset, metadata)
    for code in codes - {0}:
        raise for_code(code)(f"the offsets are not told: error code {code}")
    return found
