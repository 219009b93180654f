"""aiokafka's connections on uvloop, whose transports refuse to be written to once they are closed.

Between a broker's goodbye and the driver's notice of it uvloop raises RuntimeError, where asyncio's own loop warns.
aiokafka 0.14 expects an OSError there (aio-libs/aiokafka#1038): the task that fetches ends for good, and a commit
raises what nobody expects.

And it keeps to itself why brokers do not let it in: with a wrong password, or an authority that it does not trust, all
that its callers are told is that it cannot bootstrap.
"""

from __future__ import annotations

import ssl
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)

_drivers_send = AIOKafkaConnection.send
_drivers_connect = AIOKafkaConnection.connect

_REFUSALS = (SaslAuthenticationFailed, UnsupportedSaslMechanismError, IllegalSaslStateError, ssl.SSLError)
_refused: dict[tuple[str, int], str] = {}
"""By host and port, why the last attempt to connect there was refused by either side; nothing where it was not."""


async def _connect(connection: Any) -> Any:  # noqa: ANN401 - the driver's own signature
    at = (connection.host, connection.port)
    _refused.pop(at, None)
    try:
        return await _drivers_connect(connection)
    except _REFUSALS as error:
        _refused[at] = f"{type(error).__name__}: {error}"
        raise


def reason_of(error: BaseException) -> str:
    """The class and message of a driver's error, and why brokers refuse this process where they do."""
    said = f"{type(error).__name__}: {error}"
    return " | ".join((said, *sorted(set(_refused.values())))) if isinstance(error, KafkaConnectionError) else said


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
    AIOKafkaConnection.connect = _connect
