"""Nobody speaks to a secure stack's Kafka who has no account, or whom it has no reason to believe."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError

from deploy.access import OPERATORS, Kind, Operation, Rule
from deploy.local.authority import Authority
from deploy.local.kafka_reach import Reach
from deploy.local.stack import Stack
from services.chassis import kafka_connections
from tests.stack.secure.accounts import Accounts

_drivers_close = AIOKafkaConnection.close
WRONG: Mapping[str, tuple[str, dict[str, Any]]] = {
    "a wrong password": ("upload", {"KAFKA_SASL_PASSWORD": "guessed"}),
    "nobody's name": ("upload", {"KAFKA_SASL_USERNAME": "mallory"}),
    "a password in the clear": ("upload", {"KAFKA_SASL_MECHANISM": "PLAIN"}),
    "an operator with a wrong password": (OPERATORS, {"KAFKA_SASL_PASSWORD": "guessed"}),
}


def _cut(connection: Any, *arguments: Any, **more: Any) -> Any:
    """The driver does not wait for the broker's goodbye where it was refused, and the test's loop ends."""
    if connection._writer is not None:  # noqa: SLF001 - there is no public way
        connection._writer.transport.abort()  # noqa: SLF001 - as above
    return _drivers_close(connection, *arguments, **more)


async def why_not(reach: Reach) -> str:
    """Why a client is not let in."""
    kafka_connections.install()
    admin = AIOKafkaAdminClient(**reach, request_timeout_ms=5000)
    try:
        with patch.object(AIOKafkaConnection, "close", _cut):
            return await _why_not(admin)
    finally:
        await admin.close()
        await asyncio.sleep(0.1)  # turns of the loop in which sockets are closed


async def _why_not(admin: AIOKafkaAdminClient) -> str:
    with pytest.raises(KafkaConnectionError) as caught:
        await admin.start()
    return kafka_connections.reason_of(caught.value)


@pytest.mark.parametrize("what", WRONG)
async def test_it_is_refused(accounts: Accounts, what: str) -> None:
    account, changes = WRONG[what]
    assert "SaslAuthenticationFailed" in await why_not(accounts.reach(account, **changes))


async def test_who_speaks_plainly_or_names_no_account_is_not_answered(stack: Stack, accounts: Accounts) -> None:
    await why_not({"bootstrap_servers": stack.info.kafka_bootstrap})
    without = {name: value for name, value in accounts.reach("upload").items() if not name.startswith("sasl")}
    await why_not({**without, "security_protocol": "SSL"})


async def test_a_broker_that_another_authority_signed_is_told_no_password(accounts: Accounts, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other").certificate
    assert "SSLCertVerificationError" in await why_not(accounts.reach("upload", KAFKA_SSL_CAFILE=str(other)))


@pytest.mark.embedded("the controllers' port is not published by containers")
@pytest.mark.parametrize("account", ["quota", OPERATORS])
async def test_the_controllers_listener_is_for_the_nodes_alone(stack: Stack, accounts: Accounts, account: str) -> None:
    where: dict[str, Any] = {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{stack.settings.kafka_controller_port}"}
    assert {"SaslAuthenticationFailed", "UnsupportedSaslMechanismError"} & set(
        (await why_not(accounts.reach(account, **where))).replace(":", "").split()
    )
    await why_not({"bootstrap_servers": where["KAFKA_BOOTSTRAP_SERVERS"]})


async def test_accounts_and_rules_that_are_written_down_nowhere_are_taken_away(accounts: Accounts) -> None:
    """Somebody made one while he could: it ends with the next `make up`, also where it is connected."""
    mallory: dict[str, Any] = {"KAFKA_SASL_USERNAME": "mallory", "KAFKA_SASL_PASSWORD": "secret"}
    async with accounts.admin(OPERATORS) as admin:
        await admin.create_topics([NewTopic("mallorys", 1, 1)])
        await accounts.make("mallory", "secret", Rule(Kind.TOPIC, "mallorys", Operation.WRITE))
        async with accounts.producer("upload", **mallory) as producer:
            await producer.send_and_wait("mallorys", b"a record", partition=0)
            await accounts.settle()
            with pytest.raises(TopicAuthorizationFailedError):
                await producer.send_and_wait("mallorys", b"another", partition=0)
        await admin.delete_topics(["mallorys"])
    assert "SaslAuthenticationFailed" in await why_not(accounts.reach("upload", **mallory))
