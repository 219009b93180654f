"""A hostile OpenID provider, on a real HTTP server, and the routes of the sign-in that call it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from services.chassis.auth import TokenVerifier
from services.chassis.rate_limit import Rate
from services.chassis.settings import HttpSettings
from services.chassis.web import RateLimit, listening, make_app
from services.upload.oidc.asking import Client
from services.upload.oidc.http import Registers, SignInRoutes
from services.upload.oidc.provider import open_provider
from services.upload.oidc.settings import OidcSettings
from services.upload.oidc.wiring import id_token_reader
from tests.unit.issuer import RSA_JWK, RSA_KEY

CLIENT = "docuvault"
NONCE = "a nonce of sixteen"
GOOD = {
    "code": "good",
    "code_verifier": "v" * 43,
    "redirect_uri": "http://localhost:8080/signed-in",
    "nonce": NONCE,
}
HTTP = HttpSettings(http_port=0)


@dataclass
class Hostile:
    """A provider; `configuration` and `grant` are what it answers with, bytes or JSON, `asked` what it was sent."""

    issuer: str = ""
    configuration: dict[str, Any] = field(default_factory=dict)
    configured: web.Response | None = None
    granted: Callable[[], web.StreamResponse] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    looked: int = 0
    delay: float = 0.0

    def id_token(self, **changes: Any) -> str:
        exp = datetime.now(UTC) + timedelta(minutes=5)
        claims = {"sub": "auth0|7", "iss": self.issuer, "aud": CLIENT, "exp": exp, "nonce": NONCE, **changes}
        return jwt.encode(claims, RSA_KEY, "RS256", {"kid": "r1"})

    def grant(self, **changes: Any) -> dict[str, Any]:
        good = {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token(), "refresh_token": "r-1"}
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    async def answer_configuration(self, _: web.Request) -> web.StreamResponse:
        self.looked += 1
        await asyncio.sleep(self.delay)
        return self.configured or web.json_response(self.configuration)

    async def answer_keys(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"keys": [RSA_JWK]})

    async def answer_token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        self.asked.append({name: str(value) for name, value in form.items()})
        await asyncio.sleep(self.delay)
        return web.json_response(self.grant()) if self.granted is None else self.granted()


@asynccontextmanager
async def hostile() -> AsyncIterator[Hostile]:
    """The provider inside the block; as good as any until it is told otherwise."""
    made = Hostile()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", made.answer_configuration)
    app.router.add_get("/keys", made.answer_keys)
    app.router.add_post("/token", made.answer_token)
    app.router.add_post("/revoke", made.answer_token)
    async with TestServer(app, host="127.0.0.1") as server:
        made.issuer = str(server.make_url("")).rstrip("/")
        made.configuration = {
            "issuer": made.issuer,
            "jwks_uri": f"{made.issuer}/keys",
            **{
                f"{name}_endpoint": f"{made.issuer}/{name}"
                for name in ("authorization", "token", "end_session", "revocation")
            },
            "revocation_endpoint": f"{made.issuer}/revoke",
        }
        yield made


def settings_for(provider: Hostile, **changes: Any) -> OidcSettings:
    chosen = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_timeout_seconds": 1,
        "jwt_issuer": provider.issuer,
        "jwt_audience": CLIENT,
        "jwt_jwks_url": f"{provider.issuer}/.well-known/openid-configuration",
        "jwt_subject": "derived",
    }
    return OidcSettings(**{**chosen, **changes})


@asynccontextmanager
async def routes_for(
    settings: OidcSettings, secret: str | None = None, registers: Registers | None = None
) -> AsyncIterator[ClientSession]:
    """A client of the sign-in's routes; it keeps no cookies by itself."""
    async with open_provider(settings, settings.oidc_issuer or "", Client(CLIENT, secret)) as provider:
        verifier = TokenVerifier(settings)
        limit = RateLimit("sign-ins", Rate(settings.oidc_per_second, settings.oidc_burst))
        reader = id_token_reader(settings, CLIENT)
        routes = SignInRoutes(settings, CLIENT, provider, verifier, reader, limit, registers)
        app = make_app(HTTP, verifier, ready={}, setup=routes.setup)
        async with listening(app, HTTP) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session


def remembered(into: list[UUID]) -> Registers:
    async def register(user_id: UUID) -> None:
        into.append(user_id)

    return register


def raw(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Callable[[], web.StreamResponse]:
    """What answers with this body: bytes as they are, all else as JSON."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda: web.Response(body=text, status=status, headers=headers)
