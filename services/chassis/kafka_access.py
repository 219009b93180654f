"""What a client of aiokafka is told of how Kafka is reached."""

from __future__ import annotations

import ssl
from typing import Any

from services.chassis.settings_kafka import KafkaAccessSettings


def access(settings: KafkaAccessSettings) -> dict[str, Any]:
    """The arguments of AIOKafkaConsumer, AIOKafkaProducer and AIOKafkaAdminClient alike.

    With TLS a broker's certificate and name are always checked. Raises OSError for authorities that cannot be read.
    """
    protocol, password = settings.kafka_security_protocol, settings.kafka_sasl_password
    told: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": protocol,
    }
    if protocol.endswith("SSL"):
        told["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ssl_cafile)
    if protocol.startswith("SASL_"):
        told |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": None if password is None else password.get_secret_value(),
        }
    return told
