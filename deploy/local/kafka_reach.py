"""How Kafka is reached, and as whom: the settings of a service or a command, and the arguments of a client of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deploy.access import OPERATORS
from deploy.local.credentials import Credentials
from deploy.local.errors import StackError
from deploy.local.layout import Layout
from deploy.local.settings import StackSettings
from deploy.local.ways import bootstrap_for
from services.chassis.kafka_access import access
from services.chassis.settings_kafka import KafkaAccessSettings

Reach = Mapping[str, Any]
"""The arguments that aiokafka's clients have in common."""


def kafka_environment(settings: StackSettings, credentials: Credentials, who: str) -> dict[str, str]:
    """The settings, by their variables, for an account: a service's, the store's, the operators' or a guest's."""
    where = {"KAFKA_BOOTSTRAP_SERVERS": bootstrap_for(settings, who)}
    if not settings.secure:
        return where
    return where | account_environment(Layout(settings.state_dir).trusted, credentials, who)


def account_environment(authority: Path, credentials: Credentials, who: str) -> dict[str, str]:
    """What a client of a secure Kafka is told beside where that is."""
    return {
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SSL_CAFILE": str(authority),
        "KAFKA_SASL_MECHANISM": "PLAIN" if who == OPERATORS else "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": credentials.kafka_users.get(who, who),
        "KAFKA_SASL_PASSWORD": (credentials.kafka_guests | credentials.kafka)[who],
    }


def as_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """The same as fields of the settings models."""
    return {name.lower(): value for name, value in environment.items()}


def librdkafka(environment: Mapping[str, str]) -> dict[str, str]:
    """The same as a client on librdkafka is told, of a secure stack."""
    return {
        "bootstrap.servers": environment["KAFKA_BOOTSTRAP_SERVERS"],
        "security.protocol": environment["KAFKA_SECURITY_PROTOCOL"],
        "ssl.ca.location": environment["KAFKA_SSL_CAFILE"],
        "sasl.mechanism": environment["KAFKA_SASL_MECHANISM"],
        "sasl.username": environment["KAFKA_SASL_USERNAME"],
        "sasl.password": environment["KAFKA_SASL_PASSWORD"],
    }


def reach(environment: Mapping[str, str]) -> Reach:
    """Raises StackError where the authority cannot be read."""
    try:
        return access(KafkaAccessSettings(**as_settings(environment)))
    except (ValidationError, OSError):
        cafile = environment.get("KAFKA_SSL_CAFILE", "the settings")
        raise StackError(f"how Kafka is reached cannot be read of {cafile}; `make up` makes it") from None
