"""Settings of the sign-in by an OpenID provider; the folder's README.md lists them with their defaults."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from services.chassis.settings import TokenSettings
from services.chassis.settings_types import EMPTY_IS_NONE, NonEmpty, NonEmptySecret, Seconds
from services.upload.oidc.addresses import checked_issuer
from services.upload.oidc.asking import OWN_PARAMETERS, parameters_of

Issuer = Annotated[str, AfterValidator(checked_issuer)]
Bearer = Literal["id_token", "access_token"]


def _readable(text: str) -> str:
    if taken := sorted(parameters_of(text).keys() & OWN_PARAMETERS):
        raise ValueError(f"{taken[0]} is what the sign-in sets itself")
    return text


class OidcSettings(TokenSettings):
    """Which provider people sign in by; nobody's, unless OIDC_ISSUER says whose."""

    oidc_issuer: Annotated[Issuer | None, EMPTY_IS_NONE] = Field(
        None, description="issuer of the OpenID provider that the page signs in by; default none, and then no sign-in"
    )
    oidc_client_id: Annotated[NonEmpty | None, EMPTY_IS_NONE] = Field(
        None, description="what the provider calls this application; default none"
    )
    oidc_client_secret: Annotated[NonEmptySecret | None, EMPTY_IS_NONE] = Field(
        None, description="its secret, of a confidential client; default none, which is a public one"
    )
    oidc_scopes: Annotated[str, Field(pattern=r"^openid( [!-~]+)*$")] = Field(
        "openid", description="scopes that are asked for, openid first, with blanks between them; default openid"
    )
    oidc_bearer: Bearer = Field(
        "id_token",
        description="which of the provider's tokens the API is called with, id_token or access_token; default id_token",
    )
    oidc_parameters: Annotated[str, AfterValidator(_readable)] = Field(
        "", description="more parameters of the authorization request, name=value&name=value; default none"
    )
    oidc_registers_users: bool = Field(
        False, description="whether whoever signs in has a quota from then on, the default one; default false"
    )
    oidc_timeout_seconds: Seconds = Field(
        5, description="longest wait for one answer of the provider; seconds, default 5"
    )
    oidc_max_age_seconds: Seconds = Field(
        3600, description="age at which the provider's configuration is fetched again; seconds, default 3600"
    )
    oidc_per_second: float = Field(
        20, gt=0, le=10_000, description="requests about sign-ins a second of one address and process; default 20"
    )
    oidc_burst: int = Field(200, ge=1, le=100_000, description="such requests at once; default 200")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if reason := misfit(self):
            raise ValueError(reason)
        return self


def misfit(settings: OidcSettings) -> str | None:
    """Why nobody could sign in by these settings, in a line that names them; None where somebody could."""
    issuer, client = settings.oidc_issuer, settings.oidc_client_id
    of_a_client = client is not None or settings.oidc_client_secret is not None
    wrong = {
        "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET say nothing without OIDC_ISSUER": issuer is None and of_a_client,
        "OIDC_ISSUER needs OIDC_CLIENT_ID": issuer is not None and client is None,
        "OIDC_ISSUER needs JWT_JWKS_URL: its tokens are verified by its published keys": issuer is not None
        and settings.jwt_jwks_url is None,
        "JWT_ISSUER must be OIDC_ISSUER: no other tokens come from there": issuer is not None
        and settings.jwt_issuer != issuer,
        "JWT_AUDIENCE must be OIDC_CLIENT_ID where OIDC_BEARER is id_token: that is its audience": issuer is not None
        and settings.oidc_bearer == "id_token"
        and settings.jwt_audience != client,
    }
    return next((reason for reason, so in wrong.items() if so), None)
