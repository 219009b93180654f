"""The sign-in put together, or none where no provider is set; cryptography is loaded for who needs it alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid5

import structlog
from aiohttp import web
from docuvault_contracts.cloudevents import encode
from docuvault_contracts.events import UserRegistered

from services.chassis.auth_claims import InvalidTokenError
from services.chassis.errors import Transient
from services.chassis.producer import Publisher
from services.chassis.rate_limit import Rate
from services.chassis.web import RateLimit, Verifier
from services.upload.messages import SOURCE
from services.upload.oidc.asking import Client
from services.upload.oidc.http import IdTokenReader, Registers, SignInRoutes, nowhere
from services.upload.oidc.provider import open_provider
from services.upload.oidc.settings import OidcSettings

log = structlog.get_logger(__name__)

REGISTER_SECONDS = 2.0
"""Most who sign in are known already: while Kafka is away they do not wait for it."""


@asynccontextmanager
async def open_sign_in(
    settings: OidcSettings, verifier: Verifier, publisher: Publisher
) -> AsyncIterator[Callable[[web.Application], None]]:
    """What adds the routes, inside the block."""
    issuer, client_id = settings.oidc_issuer, settings.oidc_client_id
    if issuer is None or client_id is None:
        yield nowhere
        return
    secret = settings.oidc_client_secret
    client = Client(client_id, None if secret is None else secret.get_secret_value())
    async with open_provider(settings, issuer, client) as provider:
        limit = RateLimit("sign-ins", Rate(settings.oidc_per_second, settings.oidc_burst))
        registers = registering(publisher) if settings.oidc_registers_users else None
        reader = id_token_reader(settings, client_id)
        yield SignInRoutes(settings, client_id, provider, verifier, reader, limit, registers).setup


def id_token_reader(settings: OidcSettings, client_id: str) -> IdTokenReader:
    """Verifies ID tokens by the same keys as the API's tokens: their audience is the client, whatever the API's is."""
    from services.chassis.jwks import Jwks  # noqa: PLC0415 - the 9 MB of cryptography, for those who need it

    keys = Jwks(settings.model_copy(update={"jwt_audience": client_id}))

    async def read(token: str) -> None:
        key = await keys.key_for(keys.kid_of(token))
        if key is None:
            raise InvalidTokenError("signed with an unknown key")
        key.read(token)

    return read


def registering(publisher: Publisher) -> Registers:
    """Says `user.registered`, which the ledger heeds once: then the user has the default quota."""

    async def register(user_id: UUID) -> None:
        event = UserRegistered(user_id=user_id, registered_at=datetime.now(UTC))
        message = encode(event, id=str(uuid5(user_id, event.type)), source=SOURCE, time=event.registered_at)
        try:
            async with asyncio.timeout(REGISTER_SECONDS):
                await publisher.publish([message])
        except (Transient, TimeoutError) as error:
            log.warning("oidc.not_registered", user_id=str(user_id), reason=str(error) or type(error).__name__)

    return register
