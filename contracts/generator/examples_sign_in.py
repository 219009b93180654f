"""One example of each body of the sign-in."""

from __future__ import annotations

from docuvault_contracts import http, http_sign_in


def all_bodies() -> tuple[http.Request | http.Response, ...]:
    """In the order of `http_sign_in.BODIES`."""
    issuer = "https://id.example.org/realms/office"
    return (
        http_sign_in.SignInProvider(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/auth",
            client_id="docuvault",
            scope="openid",
            parameters={},
            names_itself=True,
            end_session_endpoint=f"{issuer}/logout",
        ),
        http_sign_in.SignInRequest(
            code="SplxlOBeZQQYbYS6WxSbIA",
            code_verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            redirect_uri="http://localhost:8080/signed-in",
            nonce="n-0S6_WzA2Mj-4f7Zk",
        ),
        http_sign_in.SignedIn.model_validate({"access_token": "eyJ…", "expires_in": 300, "renewable": True}),
    )
