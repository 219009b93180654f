"""Who issues the tokens: the stack itself, or an OpenID provider that people sign in by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_serializer, model_validator
from pydantic_settings import BaseSettings

Text = Annotated[str, Field(min_length=1)]


class SignInSettings(BaseSettings):
    """The provider; without one, `make token` makes the tokens. What is finer is in SERVICE_ENV."""

    oidc_issuer: Text | None = Field(
        None,
        description="issuer of the OpenID provider that people sign in by; default none, tokens are the stack's own",
    )
    oidc_client_id: Text | None = Field(None, description="what the provider calls this stack; default none")
    oidc_client_secret: SecretStr | None = Field(
        None, description="its secret, of a confidential client; default none, which is a public one"
    )
    oidc_scopes: Text = Field("openid", description="scopes that are asked for, with blanks; default openid")
    jwt_subject: Literal["uuid", "derived"] = Field(
        "uuid", description="what makes a user's id of the provider's sub, uuid or derived; default uuid"
    )

    @field_serializer("oidc_client_secret", when_used="json")
    def _kept(self, secret: SecretStr | None) -> str | None:
        """What the stack runs with is kept in its state, which its owner alone reads."""
        return None if secret is None else secret.get_secret_value()

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError("OIDC_ISSUER and OIDC_CLIENT_ID go together")
        if self.oidc_issuer is None and (self.oidc_client_secret is not None or self.jwt_subject != "uuid"):
            raise ValueError("OIDC_CLIENT_SECRET and JWT_SUBJECT say nothing without OIDC_ISSUER")
        return self

    @property
    def provider_environment(self) -> Mapping[str, str]:
        """What verifies the provider's tokens, for every service that clients call; empty without a provider.

        Its keys are found by its configuration, so that `up` does not have to ask for them.
        """
        if self.oidc_issuer is None or self.oidc_client_id is None:
            return {}
        return {
            "JWT_JWKS_URL": f"{self.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
            "JWT_ISSUER": self.oidc_issuer,
            "JWT_AUDIENCE": self.oidc_client_id,
            "JWT_SUBJECT": self.jwt_subject,
        }

    @property
    def sign_in_environment(self) -> Mapping[str, str]:
        """What the sign-in is made by, for the one service that does it; empty without a provider."""
        if self.oidc_issuer is None or self.oidc_client_id is None:
            return {}
        secret = self.oidc_client_secret
        return {
            "OIDC_ISSUER": self.oidc_issuer,
            "OIDC_CLIENT_ID": self.oidc_client_id,
            "OIDC_CLIENT_SECRET": "" if secret is None else secret.get_secret_value(),
            "OIDC_SCOPES": self.oidc_scopes,
            "OIDC_REGISTERS_USERS": "true",
        }
