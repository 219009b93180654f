"""Users, as the identity provider would make them known: `user.registered`, waited for until the quota is there."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from uuid import UUID, uuid5

import aiohttp
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import UserRegistered
from pydantic import SecretStr

from deploy.local.errors import StackError, one_line
from deploy.local.info import StackInfo
from services.chassis.auth import create_access_token
from services.chassis.settings import TokenSettings

SOURCE = "docuvault/operator"
ROLES = ("user", "admin")
WAIT_SECONDS = 30.0
POLL_SECONDS = 0.05


def access_token(info: StackInfo, user_id: UUID, role: str = "user") -> str:
    """A token that the services of this stack accept."""
    settings = TokenSettings(
        jwt_secret=SecretStr(info.jwt_secret),
        jwt_jwks_url=None,
        jwt_issuer=info.jwt_issuer,
        jwt_audience=info.jwt_audience,
    )
    return create_access_token(user_id, role, settings)


async def register(info: StackInfo, user_id: UUID, limit_bytes: int | None = None) -> None:
    """Makes a user known, with a limit in bytes or the default one; returns when the quota is there to be asked for.

    Raises StackError where Kafka does not take the event or the quota does not appear within WAIT_SECONDS.
    """
    headers = {"Authorization": f"Bearer {access_token(info, user_id)}"}
    connector = aiohttp.TCPConnector(ssl=False)  # this machine's own gateway, whose authority may be nobody's but ours
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, connector=connector) as session:
        url = f"{info.gateway_url}/api/auth/me/quota"
        if not await _has_quota(session, url):
            await _publish(info, _registered(user_id, limit_bytes))
            await _wait_for_quota(session, url)


def _registered(user_id: UUID, limit_bytes: int | None) -> Message:
    event = UserRegistered(user_id=user_id, limit_bytes=limit_bytes, registered_at=datetime.now(UTC))
    return encode(event, id=str(uuid5(user_id, event.type)), source=SOURCE, time=event.registered_at)


async def _publish(info: StackInfo, message: Message) -> None:
    producer = AIOKafkaProducer(**info.kafka, acks="all", enable_idempotence=True)
    try:
        await producer.start()
        await producer.send_and_wait(message.topic, message.value, message.key, headers=list(message.headers))
    except (KafkaError, OSError, TimeoutError) as error:
        raise StackError(f"Kafka does not take the event user.registered: {one_line(error)}") from error
    finally:
        await producer.stop()


async def _wait_for_quota(session: aiohttp.ClientSession, url: str) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not await _has_quota(session, url):
        if time.monotonic() > end:
            raise StackError(f"the user's quota does not appear within {WAIT_SECONDS:.0f} s; `make logs SERVICE=quota`")
        await asyncio.sleep(POLL_SECONDS)


async def _has_quota(session: aiohttp.ClientSession, url: str) -> bool:
    """Whether the API knows the user's quota; an API that is away does not say so, and is asked again."""
    try:
        async with session.get(url) as response:
            if response.status == 401:  # noqa: PLR2004 - HTTP's
                raise StackError("the API does not accept the token; it was started with other secrets")
            return response.status == 200  # noqa: PLR2004 - HTTP's
    except (aiohttp.ClientError, TimeoutError):
        return False
