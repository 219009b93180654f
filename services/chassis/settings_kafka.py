"""Settings of how Kafka is reached: plainly, with TLS, with an account."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, FilePath, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.chassis.settings_types import EMPTY_IS_NONE, Endpoints, NonEmpty, NonEmptySecret

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]


class KafkaAccessSettings(BaseSettings):
    """Where the brokers are, and as whom. The names of protocols and mechanisms are Kafka's own."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=True)

    kafka_bootstrap_servers: Endpoints = Field(
        "localhost:9092", description="host:port, several with commas; default localhost:9092"
    )
    kafka_security_protocol: SecurityProtocol = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL; default PLAINTEXT"
    )
    kafka_ssl_cafile: Annotated[FilePath | None, EMPTY_IS_NONE] = Field(
        None, description="PEM file of the authorities that may have signed a broker; default those of the system"
    )
    kafka_sasl_mechanism: SaslMechanism = Field(
        "SCRAM-SHA-512", description="SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN; default SCRAM-SHA-512"
    )
    kafka_sasl_username: Annotated[NonEmpty | None, EMPTY_IS_NONE] = Field(
        None, description="the account, where the protocol is a SASL one; default none"
    )
    kafka_sasl_password: Annotated[NonEmptySecret | None, EMPTY_IS_NONE] = Field(
        None, description="its password; default none"
    )

    @model_validator(mode="after")
    def _an_account_or_none(self) -> Self:
        given = [value is not None for value in (self.kafka_sasl_username, self.kafka_sasl_password)]
        if self.kafka_security_protocol.startswith("SASL_"):
            if not all(given):
                raise ValueError("KAFKA_SECURITY_PROTOCOL names accounts: set KAFKA_SASL_USERNAME and _PASSWORD")
        elif any(given):
            raise ValueError("KAFKA_SASL_USERNAME and _PASSWORD go with KAFKA_SECURITY_PROTOCOL SASL_SSL")
        return self
