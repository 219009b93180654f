"""By which ports the parts of a stack reach its servers: directly or, where a test wants faults, through a proxy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.settings import StackSettings


@dataclass(frozen=True, slots=True)
class FaultPorts:
    """The ports of a fault proxy, all of them above `api`, where it takes its orders.

    Kafka tells its clients where it is, so whoever is to come through a proxy needs a listener of its own behind it.
    """

    api: int

    @property
    def ways(self) -> Mapping[str, int]:
        """What is reached by which port; `store_kafka` is the store's own way to Kafka."""
        return {name: self.api + 1 + at for at, name in enumerate(("postgres", "minio", "kafka", "store_kafka"))}

    @property
    def kafka_listener(self) -> int:
        """Where Kafka listens for those who come by `kafka`."""
        return self.api + 5

    @property
    def store_kafka_listener(self) -> int:
        """Where Kafka listens for those who come by `store_kafka`."""
        return self.api + 6


@dataclass(frozen=True, slots=True)
class Ways:
    """The ports by which the services reach PostgreSQL, MinIO and Kafka, and the store reaches Kafka."""

    postgres: int
    minio: int
    kafka: int
    store_kafka: int


def fault_ports(settings: StackSettings) -> FaultPorts | None:
    """The ports of the stack's fault proxy, where it has one."""
    return None if settings.fault_proxy_port is None else FaultPorts(settings.fault_proxy_port)


def ways(settings: StackSettings) -> Ways:
    """The ways in a stack with these settings."""
    ports = fault_ports(settings)
    if ports is not None:
        return Ways(**ports.ways)
    return Ways(settings.postgres_port, settings.minio_port, settings.kafka_port, settings.kafka_port)
