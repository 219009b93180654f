"""What is sent to a provider's token endpoint, and how the client proves that it is itself (RFC 6749, 7636). Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote_plus

OWN_PARAMETERS = frozenset(
    {
        *("client_id", "client_secret", "code_challenge", "code_challenge_method", "nonce", "redirect_uri"),
        *("request", "request_uri", "response_mode", "response_type", "scope", "state"),
    }
)
"""Of the authorization request: the page sets them, or they would change how the answer comes back."""
RESOURCE = "resource"
"""RFC 8707: of the parameters of the authorization request the one that the token request repeats."""


@dataclass(frozen=True, slots=True)
class Client:
    """This application, as a provider knows it; one without a secret is public."""

    id: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to an endpoint of the provider's: a form, and the headers that come with it."""

    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


def parameters_of(text: str) -> dict[str, str]:
    """`name=value&name=value` as a mapping. Raises ValueError for anything else."""
    return dict(parse_qsl(text, strict_parsing=True, max_num_fields=20)) if text else {}


def redemption(code: str, code_verifier: str, redirect_uri: str) -> dict[str, str]:
    """The form that redeems a code."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": code_verifier,
        "redirect_uri": redirect_uri,
    }


def renewal(refresh_token: str) -> dict[str, str]:
    """The form that redeems a refresh token."""
    return {"grant_type": "refresh_token", "refresh_token": refresh_token}


def authenticated(form: Mapping[str, str], client: Client, methods: frozenset[str]) -> Ask:
    """The form, by this client: a secret goes into the header, unless the provider takes it in the form alone."""
    if client.secret is None:
        return Ask({**form, "client_id": client.id}, {})
    if "client_secret_basic" not in methods and "client_secret_post" in methods:
        return Ask({**form, "client_id": client.id, "client_secret": client.secret}, {})
    pair = f"{quote_plus(client.id)}:{quote_plus(client.secret)}"  # RFC 6749, section 2.3.1
    return Ask(form, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"})
