"""An issuer of tokens with its published keys, for the tests of token verification."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from services.chassis.jwks import MAX_JWKS_BYTES

USER = UUID("3d0f2f3a-9a30-4d2f-8f3c-0f6a6f0f3b11")
RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)
SHORT_RSA_KEY = rsa.generate_private_key(65537, 1024)  # noqa: S505 - to be refused
EC_KEY = ec.generate_private_key(ec.SECP256R1())
P384_KEY = ec.generate_private_key(ec.SECP384R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def rsa_jwk(kid: str | None, key: rsa.RSAPrivateKey = RSA_KEY, **changes: Any) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **changes}


RSA_JWK = rsa_jwk("r1")
EC_JWK = {**ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True), "kid": "e1"}
P384_JWK = {**ECAlgorithm.to_jwk(P384_KEY.public_key(), as_dict=True), "kid": "e2"}
ED_JWK = {**OKPAlgorithm.to_jwk(ED_KEY.public_key(), as_dict=True), "kid": "o1"}

HUGE = json.dumps({"keys": [EC_JWK]}).encode() + b" " * MAX_JWKS_BYTES


def token(key: Any, algorithm: str, kid: str | None, **changes: Any) -> str:
    exp = datetime.now(UTC) + timedelta(minutes=5)
    claims = {"sub": str(USER), "iss": "docuvault", "aud": "docuvault", "exp": exp, **changes}
    return jwt.encode(claims, key, algorithm, {"kid": kid} if kid else None)


class Issuer:
    """Publishes `body` with `status`, after `delay` seconds, and counts how often it was asked."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 200
        self.delay = 0.0
        self.hanging = asyncio.Event()
        self.asked = 0
        self.url = ""

    def publish(self, *keys: dict[str, Any]) -> None:
        self.body = json.dumps({"keys": keys}).encode()

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        if self.delay:
            self.hanging.set()
        await asyncio.sleep(self.delay)
        return web.Response(body=self.body, status=self.status, content_type="application/json")


class Clock:
    """A clock that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
