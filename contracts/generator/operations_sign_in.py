"""The sign-in by an OpenID provider, where one is set: for the page, and without a token."""

from __future__ import annotations

from docuvault_contracts import http, http_sign_in

from generator.operation import INVALID, RETRY, TOO_LARGE, Answer, Operation

_LIMITED = Answer(
    429, "Too many of these came from one address", http.ErrorBody, "Too many sign-ins asked for, try again", RETRY
)
_STRANGER = Answer(403, "Another origin's page asks", http.ErrorBody, "Only for the page itself")
_WRONG = Answer(
    502, "The provider answers what it should not", http.ErrorBody, "The sign-in provider is not as it should be"
)
_NONE = Answer(404, "No provider is set", http.ErrorBody, "No sign-in provider is set")
_SIGNED_IN = Answer(
    200,
    "The token",
    http_sign_in.SignedIn,
    headers=(("Set-Cookie", "the refresh token, for these routes alone; or an end of the last one"),),
)


def _worth_nothing(description: str) -> Answer:
    return Answer(
        401,
        description,
        http.ErrorBody,
        "The sign-in is used up or too old: sign in again",
        (("WWW-Authenticate", "`Bearer`"),),
    )


PROVIDER = Operation(
    "getSignInProvider",
    "get",
    "/api/auth/oidc",
    "Look where people sign in",
    "sign-in",
    (
        Answer(200, "The provider", http_sign_in.SignInProvider),
        Answer(204, "No provider is set: tokens come from elsewhere"),
        _LIMITED,
        _WRONG,
    ),
    public=True,
)
SIGN_IN = Operation(
    "signIn",
    "post",
    "/api/auth/oidc/token",
    "Redeem the code of a sign-in",
    "sign-in",
    (
        _SIGNED_IN,
        _worth_nothing("The code is used up or too old, or the nonce is another sign-in's"),
        _STRANGER,
        _NONE,
        TOO_LARGE,
        INVALID,
        _LIMITED,
        _WRONG,
    ),
    body=http_sign_in.SignInRequest,
    description="Authorization code with PKCE (S256), redeemed by the server: the page calls no other origin.",
    public=True,
)
RENEW = Operation(
    "renewToken",
    "post",
    "/api/auth/oidc/renew",
    "Have the next token",
    "sign-in",
    (_SIGNED_IN, _worth_nothing("There is no cookie, or it is worth nothing"), _STRANGER, _NONE, _LIMITED, _WRONG),
    description="By the cookie of the sign-in. Takes no body.",
    public=True,
)
SIGN_OUT = Operation(
    "signOut",
    "post",
    "/api/auth/oidc/sign-out",
    "End the sign-in",
    "sign-in",
    (Answer(204, "The cookie is gone, and the refresh token revoked where that can be"), _STRANGER, _NONE, _LIMITED),
    description="By the cookie of the sign-in. Takes no body. Access tokens stay good until they expire.",
    public=True,
)
SIGN_INS = (PROVIDER, SIGN_IN, RENEW, SIGN_OUT)
