"""What a producer makes of a broker's refusal: the message's own fault, or trouble that passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from docuvault_contracts.cloudevents import Message

from services.chassis import producer
from services.chassis.errors import Transient
from services.chassis.producer import Producer, Unpublishable
from services.chassis.settings import KafkaSettings

MESSAGE = Message(topic="quota", key=b"key", value=b"{}", headers=())


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[[KafkaError], Producer]:
    """A producer whose broker answers every message with an error."""

    def made(error: KafkaError) -> Producer:
        class Client:
            """One life of a client, which takes what it is asked for and is told no."""

            def __init__(self, settings: KafkaSettings) -> None: ...

            async def start(self) -> None: ...

            async def send(self, _: Sequence[Message]) -> None:
                raise error

            async def dispose(self) -> None: ...

        monkeypatch.setattr(producer, "ProducerClient", Client)
        return Producer(KafkaSettings())

    return made


@pytest.mark.parametrize(
    "error",
    [
        TopicAuthorizationFailedError("quota"),
        ClusterAuthorizationFailedError(),
        UnknownTopicOrPartitionError(),
        OutOfOrderSequenceNumber(),
        KafkaConnectionError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_right_or_a_broker_that_is_lacking_is_not_the_messages_fault(
    refusing: Callable[[KafkaError], Producer], error: KafkaError
) -> None:
    """Nothing may be dropped for it: it is said again until it is taken."""
    with pytest.raises(Transient, match=type(error).__name__):
        await refusing(error).publish([MESSAGE])


@pytest.mark.parametrize(
    "error", [MessageSizeTooLargeError(), InvalidTopicError()], ids=lambda error: type(error).__name__
)
async def test_a_message_that_no_broker_will_ever_take_says_so(
    refusing: Callable[[KafkaError], Producer], error: KafkaError
) -> None:
    with pytest.raises(Unpublishable, match=type(error).__name__):
        await refusing(error).publish([MESSAGE])
