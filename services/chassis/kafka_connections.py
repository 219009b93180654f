"""aiokafka's connections on uvloop, whose transports refuse to be written to once they are closed.

Between a broker's goodbye and the driver's notice of it uvloop raises RuntimeError, where asyncio's own loop warns.
aiokafka 0.14 expects an OSError there (aio-libs/aiokafka#1038): the task that fetches ends for good, and a commit
raises what nobody expects.
"""

from __future__ import annotations

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_drivers_send = AIOKafkaConnection.send


def _send(connection: Any, request: Any, expect_response: bool = True) -> Any:  # noqa: ANN401, FBT001, FBT002 - the driver's own signature
    try:
        return _drivers_send(connection, request, expect_response)
    except RuntimeError as error:
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        where = f"{connection.host}:{connection.port}"
        raise KafkaConnectionError(f"the connection to {where} was closed: {error}") from error


def install() -> None:
    """From now on, all connections of this process say so as a KafkaConnectionError. Twice is as good as once."""
    AIOKafkaConnection.send = _send
