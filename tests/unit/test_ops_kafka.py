"""What a coordinator answers about a group's offsets, and what that means."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError, GroupLoadInProgressError, KafkaError
from aiokafka.protocol.commit import OffsetFetchResponse_v3

from services.chassis.group_offsets import offsets_of

LOADING, FORBIDDEN = 14, 30


def test_the_offsets_of_a_group_are_those_it_has_committed() -> None:
    found = offsets_of(OffsetFetchResponse_v3(0, [("quota", [(0, 7, "", 0), (2, 9, "", 0)])], 0))
    assert {at: each.offset for at, each in found.items()} == {
        TopicPartition("quota", 0): 7,
        TopicPartition("quota", 2): 9,
    }
    assert offsets_of(OffsetFetchResponse_v3(0, [], 0)) == {}


@pytest.mark.parametrize(
    ("answer", "error", "passes"),
    [
        (OffsetFetchResponse_v3(0, [], LOADING), GroupLoadInProgressError, True),
        (OffsetFetchResponse_v3(0, [("quota", [(0, -1, "", LOADING)])], 0), GroupLoadInProgressError, True),
        (OffsetFetchResponse_v3(0, [], FORBIDDEN), GroupAuthorizationFailedError, False),
    ],
)
def test_a_coordinator_that_does_not_know_yet_is_no_group_without_offsets(
    answer: OffsetFetchResponse_v3, error: type[KafkaError], *, passes: bool
) -> None:
    with pytest.raises(error) as raised:
        offsets_of(answer)
    assert raised.value.retriable == passes
