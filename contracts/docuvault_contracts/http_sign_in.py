"""The bodies of the sign-in by an OpenID provider, which the page calls without a token."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from docuvault_contracts.http import Request, Response

CODE_VERIFIER_PATTERN = "^[A-Za-z0-9._~-]{43,128}$"
"""RFC 7636, section 4.1."""


class SignInProvider(Response):
    """Where a browser is led to, with this and with `response_type=code`, PKCE by S256, a state and a nonce."""

    issuer: Annotated[str, Field(description="whose tokens they are")]
    authorization_endpoint: Annotated[str, Field(description="where the browser is led to")]
    client_id: Annotated[str, Field(description="what the provider calls this application")]
    scope: Annotated[str, Field(description="the scopes to ask for")]
    parameters: Annotated[dict[str, str], Field(description="further parameters of the authorization request")]
    names_itself: Annotated[bool, Field(description="whether the way back always carries `iss`, the issuer")]
    end_session_endpoint: Annotated[
        str | None, Field(description="where a browser is led to sign out of the provider, too; null where it cannot")
    ] = None


class SignInRequest(Request):
    """Redeems the code that the browser came back with."""

    code: Annotated[str, Field(min_length=1, max_length=4096, description="the code, good once")]
    code_verifier: Annotated[
        str, Field(pattern=CODE_VERIFIER_PATTERN, description="of which the authorization request had the challenge")
    ]
    redirect_uri: Annotated[
        str, Field(max_length=2048, description="that of the authorization request, at the path /signed-in")
    ]
    nonce: Annotated[str, Field(min_length=16, max_length=200, description="that of the authorization request")]


class SignedIn(Response):
    """Somebody is signed in; a refresh token, where there is one, is in a cookie that no script reads."""

    access_token: Annotated[str, Field(description="the token for `Authorization: Bearer`; a secret")]
    token_type: Annotated[str, Field(description="always Bearer")] = "Bearer"  # noqa: S105 - the kind of it
    expires_in: Annotated[int, Field(ge=0, description="seconds that it is good for")]
    renewable: Annotated[bool, Field(description="whether the next one is to be had without the person")]


BODIES: tuple[type[Request | Response], ...] = (SignInProvider, SignInRequest, SignedIn)
"""Every body of these that travels, in the order of the API's description."""
