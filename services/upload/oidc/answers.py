"""What a provider answers, read with distrust: whatever it is, it is a value of these, or ProviderError. Pure."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import Any

from services.chassis.errors import Transient
from services.upload.oidc.addresses import is_safe

MAX_ANSWER_BYTES = 256 * 1024
MAX_TOKEN_CHARS = 8192
_CODE = re.compile(r"[a-z_]{1,60}")
_OK, _CLIENTS_FAULT, _SERVERS_FAULT, _TOO_MANY = 200, 400, 500, 429
_USED_UP = frozenset({"invalid_grant", "invalid_token", "interaction_required", "login_required", "consent_required"})
"""Only the person can do something about these: by signing in again."""


class ProviderError(Exception):
    """The provider says what it should not: a matter for who runs this. The message quotes nothing that is secret."""


class ProviderAway(Transient):
    """The provider does not answer, or says that it cannot now."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is used of a provider's word about itself; the addresses are safe to be called, or led to."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str | None = None
    revocation_endpoint: str | None = None
    client_authentication: frozenset[str] = frozenset()
    names_itself: bool = False
    """Whether it adds `iss` to what it sends people back with (RFC 9207)."""


@dataclass(frozen=True, slots=True)
class Granted:
    """The tokens that a code or a refresh token was redeemed for."""

    access_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UsedUp:
    """The code or the refresh token is worth nothing, or the provider wants to see the person; `error` is why."""

    error: str


def read_configuration(status: int, raw: bytes, issuer: str) -> Configuration:
    """The configuration of `issuer`. Raises ProviderAway, or ProviderError where it is none of a provider like ours."""
    _refuse_unless_ok(status)
    found = _object(raw)
    if found.get("issuer") != issuer:
        raise ProviderError("its configuration is another issuer's")
    methods = found.get("code_challenge_methods_supported")
    if methods is not None and "S256" not in _texts(methods):
        raise ProviderError("it knows no PKCE by S256")
    return Configuration(
        issuer,
        _address(found, "authorization_endpoint"),
        _address(found, "token_endpoint"),
        _optional_address(found, "end_session_endpoint"),
        _optional_address(found, "revocation_endpoint"),
        _texts(found.get("token_endpoint_auth_methods_supported")),
        found.get("authorization_response_iss_parameter_supported") is True,
    )


def read_grant(status: int, raw: bytes) -> Granted | UsedUp:
    """What the token endpoint answered. Raises ProviderAway or ProviderError."""
    if status >= _SERVERS_FAULT or status == _TOO_MANY:
        raise ProviderAway(f"its token endpoint answered {status}")
    if status >= _CLIENTS_FAULT:
        return _refusal(raw)
    _refuse_unless_ok(status)
    found = _object(raw)
    kind = found.get("token_type")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise ProviderError("its tokens are no bearer tokens")
    access = _token(found, "access_token")
    if access is None:
        raise ProviderError("it gave no access token")
    return Granted(access, _token(found, "id_token"), _token(found, "refresh_token"))


def claims_of(token: str) -> dict[str, Any]:
    """What a token that was verified before says. Raises ProviderError for what is none."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""  # noqa: PLR2004 - header, payload, signature
    try:
        return _object(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        raise ProviderError("its ID token cannot be read") from None


def mismatch(claims: dict[str, Any], client_id: str, nonce: str) -> str | None:
    """Why a verified ID token is not the answer to this sign-in (OpenID Connect Core, 3.1.3.7); None where it is."""
    if claims.get("nonce") != nonce:
        return "the nonce is another sign-in's"
    if claims.get("azp", client_id) != client_id:
        return "it was made for another client"
    return None


def _refusal(raw: bytes) -> UsedUp:
    error = _object(raw).get("error")
    if not isinstance(error, str) or not _CODE.fullmatch(error):
        raise ProviderError("it refuses, and says no reason that OAuth knows")
    if error not in _USED_UP:
        raise ProviderError(f"it refuses: {error}")
    return UsedUp(error)


def _refuse_unless_ok(status: int) -> None:
    if status >= _SERVERS_FAULT or status == _TOO_MANY:
        raise ProviderAway(f"it answered {status}")
    if status != _OK:
        raise ProviderError(f"it answered {status}")


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        raise ProviderError("it answers what is no JSON") from None
    if not isinstance(found, dict):
        raise ProviderError("it answers what is no JSON object")
    return found


def _token(found: dict[str, Any], name: str) -> str | None:
    token = found.get(name)
    if token is None:
        return None
    if not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN_CHARS or not token.isascii():
        raise ProviderError(f"its {name} is no token")
    return token


def _texts(found: object) -> frozenset[str]:
    return frozenset(one for one in found if isinstance(one, str)) if isinstance(found, list) else frozenset()


def _address(found: dict[str, Any], name: str) -> str:
    address = found.get(name)
    if not is_safe(address):
        raise ProviderError(f"its {name} is no address behind TLS")
    return str(address)


def _optional_address(found: dict[str, Any], name: str) -> str | None:
    """One that cannot be used is as if there were none."""
    return str(found[name]) if is_safe(found.get(name)) else None
