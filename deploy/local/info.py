"""How a stack is reached: addresses, roles and keys. For tests and operators' commands; it holds secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.access import OPERATORS
from deploy.local.credentials import DATABASE_ROLES, STORE_USERS, Credentials, store_key
from deploy.local.kafka_reach import Reach, kafka_environment, reach
from deploy.local.postgres_nodes import url_for
from deploy.local.server_minio import BUCKET, REGION
from deploy.local.server_services import JWT_AUDIENCE, JWT_ISSUER, service_port
from deploy.local.settings import StackSettings
from deploy.local.ways import fault_ports, port_for


@dataclass(frozen=True, slots=True)
class StoreKey:
    """A user of the object store."""

    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StackInfo:
    """Addresses and credentials of a stack.

    `databases`: connection URLs by role: postgres (superuser), upload, quota, janitor, classifier, audit (reads all
    schemas).
    Where `gateway_url` is https, its certificate may be of the stack's own authority (`own_authority`).
    `store_keys`: by user: root, upload, janitor, classifier, audit. `service_urls`: by process name, e.g. upload-1.
    `kafka_environment`: the settings of a service that reaches Kafka as its operators do.
    `fault_proxy_url`: where toxiproxy takes its orders, "" where there is none; its proxies are named in FAULT_WAYS.
    """

    gateway_url: str
    minio_url: str
    minio_endpoint: str
    minio_public_endpoint: str
    minio_region: str
    bucket: str
    cors_origins: tuple[str, ...]
    service_urls: Mapping[str, str]
    fault_proxy_url: str
    databases: Mapping[str, str] = field(repr=False)
    store_keys: Mapping[str, StoreKey] = field(repr=False)
    jwt_secret: str = field(repr=False)
    kafka_environment: Mapping[str, str] = field(repr=False)
    jwt_issuer: str = JWT_ISSUER
    jwt_audience: str = JWT_AUDIENCE

    @property
    def kafka_bootstrap(self) -> str:
        """host:port of Kafka's brokers, with commas."""
        return self.kafka_environment["KAFKA_BOOTSTRAP_SERVERS"]

    @property
    def kafka(self) -> Reach:
        """What a client of aiokafka is told of how operators reach Kafka: `AIOKafkaConsumer(**info.kafka)`.

        Raises StackError where the stack's authority cannot be read.
        """
        return reach(self.kafka_environment)


def info_of(settings: StackSettings, credentials: Credentials) -> StackInfo:
    """What the settings and secrets of a stack amount to."""
    return StackInfo(
        gateway_url=f"{'https' if settings.tls else 'http'}://127.0.0.1:{port_for(settings, 'clients', 'gateway')}",
        minio_url=f"http://127.0.0.1:{settings.minio_port}",
        minio_endpoint=f"127.0.0.1:{settings.minio_port}",
        minio_public_endpoint=settings.public_endpoint,
        minio_region=REGION,
        bucket=BUCKET,
        cors_origins=settings.origins,
        service_urls=_service_urls(settings),
        fault_proxy_url=_fault_proxy_url(settings),
        databases=_databases(settings, credentials),
        store_keys=_store_keys(credentials),
        jwt_secret=credentials.jwt_secret,
        kafka_environment=kafka_environment(settings, credentials, OPERATORS),
    )


def _service_urls(settings: StackSettings) -> dict[str, str]:
    return {
        f"{service}-{number}": f"http://127.0.0.1:{service_port(settings, service, number)}"
        for service in settings.running_services
        for number in range(1, settings.replicas + 1)
    }


def _fault_proxy_url(settings: StackSettings) -> str:
    ports = fault_ports(settings)
    return "" if ports is None else f"http://127.0.0.1:{ports.api}"


def _databases(settings: StackSettings, credentials: Credentials) -> dict[str, str]:
    logins = {"postgres": "postgres", **{role: credentials.logins[role] for role in DATABASE_ROLES}}
    return {role: url_for(settings, "operators", login, credentials.database[role]) for role, login in logins.items()}


def _store_keys(credentials: Credentials) -> dict[str, StoreKey]:
    names = {"root": store_key("root"), **{user: credentials.access_keys[user] for user in STORE_USERS}}
    return {user: StoreKey(name, credentials.store[user]) for user, name in names.items()}
