"""By which ports the parts of a stack reach its servers: directly or, where a test wants faults, through a proxy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.kafka_nodes import nodes_of
from deploy.local.settings import FAULT_WAYS, KAFKA_CLIENTS, StackSettings


@dataclass(frozen=True, slots=True)
class FaultPorts:
    """The ports of a fault proxy, all of them above `api`, where it takes its orders.

    Kafka tells its clients where it is, so whoever is to come through a proxy needs a listener of its own behind it.
    """

    api: int

    @property
    def ways(self) -> Mapping[str, int]:
        """By which port whoever is named first reaches the server named last, as in `upload_postgres`."""
        return {name: self.api + 1 + at for at, name in enumerate(FAULT_WAYS)}

    @property
    def kafka_listeners(self) -> Mapping[str, int]:
        """Where Kafka listens for whom, who all come by ways of their own."""
        return {who: self.api + 1 + len(FAULT_WAYS) + at for at, who in enumerate(KAFKA_CLIENTS)}


def fault_ports(settings: StackSettings) -> FaultPorts | None:
    """The ports of the stack's fault proxy, where it has one."""
    return None if settings.fault_proxy_port is None else FaultPorts(settings.fault_proxy_port)


def ways_to(server: str) -> tuple[str, ...]:
    """The ways of all services and clients to a server; the store is a server itself."""
    return tuple(way for way in FAULT_WAYS if way.endswith(f"_{server}") and not way.startswith("store_"))


def port_for(settings: StackSettings, who: str, server: str) -> int:
    """The port by which a service, `clients` or `store` reaches "postgres", "minio", "kafka" or "gateway"."""
    direct = {
        "postgres": settings.postgres_port,
        "minio": settings.minio_port,
        "kafka": settings.kafka_port,
        "gateway": settings.gateway_port,
    }
    ports = fault_ports(settings)
    return direct[server] if ports is None else ports.ways.get(f"{who}_{server}", direct[server])


def bootstrap_for(settings: StackSettings, who: str) -> str:
    """The host:port of each of Kafka's brokers by which a service, `clients` or `store` reaches them, with commas."""
    if settings.fault_proxy_port is not None:
        return f"127.0.0.1:{port_for(settings, who, 'kafka')}"
    return ",".join(f"127.0.0.1:{node.port}" for node in nodes_of(settings))
