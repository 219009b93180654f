"""The settings of a stack: the only place of deploy/local that reads the environment for them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from deploy.local.errors import StackError
from deploy.local.settings_guests import GuestSettings
from deploy.local.settings_sign_in import SignInSettings

Port = Annotated[int, Field(ge=1024, le=65535)]
HostName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
Origins = Annotated[tuple[str, ...], NoDecode]
MAX_REPLICAS = 9
SERVICES = ("upload", "quota", "janitor", "classifier")
PORTS_OF_A_SERVICE = 20
SERVICE_PORTS = PORTS_OF_A_SERVICE * len(SERVICES)
"""Ports above SERVICE_PORT_BASE that belong to the stack."""

FAULT_WAYS = (
    *("upload_postgres", "quota_postgres", "janitor_postgres", "classifier_postgres"),
    *("upload_minio", "janitor_minio", "classifier_minio", "clients_minio"),
    *("upload_kafka", "quota_kafka", "janitor_kafka", "classifier_kafka", "store_kafka"),
    "clients_gateway",
)
"""Who reaches which server through the fault proxy, where the stack has one: each by a port of its own."""
KAFKA_CLIENTS = ("upload", "quota", "janitor", "classifier", "store")
"""Those of them that Kafka has to be told from one another."""
FAULT_PORTS = 1 + len(FAULT_WAYS) + len(KAFKA_CLIENTS)
"""Ports from FAULT_PROXY_PORT on that belong to the stack, where it has a fault proxy."""

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+")
PORTS_OF_SERVERS = ("gateway_port", "minio_port", "postgres_port", "kafka_port", "kafka_controller_port")


class StackSettings(GuestSettings, SignInSettings):
    """A stack. Each field is the environment variable of its name in upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    stack: Literal["embedded", "containers", "auto"] = Field(
        "embedded",
        description="embedded, containers (of Docker) or auto, which is containers where an engine answers; default "
        "embedded",
    )
    docuvault_images: str = Field(
        "", description="registry and folder of images that are there, for STACK=containers; default those built here"
    )
    docuvault_tag: str = Field("latest", description="their tag; default latest")
    state_dir: Path = Field(Path(".state"), description="folder of all data, logs and secrets; default .state")
    replicas: int = Field(1, ge=1, le=MAX_REPLICAS, description="processes of each service, 1 to 9; default 1")
    gateway_port: Port = Field(8080, description="port of the HTTP API on 127.0.0.1; default 8080")
    minio_port: Port = Field(9000, description="port of the object store on 127.0.0.1; default 9000")
    postgres_port: Port = Field(15432, description="port of PostgreSQL on 127.0.0.1; default 15432")
    kafka_port: Port = Field(19092, description="port of Kafka's clients on 127.0.0.1; default 19092")
    kafka_controller_port: Port = Field(19093, description="port of Kafka's controller; default 19093")
    service_port_base: Port = Field(
        18100,
        description="upload-i listens on base+i, quota-i on base+20+i, janitor-i on base+40+i, classifier-i on "
        "base+60+i; default 18100",
    )
    gateway_host: HostName = Field("localhost", description="name by which clients call the gateway; default localhost")
    gateway_tls: str = Field(
        "off",
        description="TLS of the gateway: off, internal (certificates of an authority of the stack's own) or "
        "<certificate>:<key>, two files; default off",
    )
    store_host: Annotated[HostName | None, BeforeValidator(lambda name: name or None)] = Field(
        None,
        description="name by which clients call the store through the gateway, on its port; default none, and with TLS "
        "store.GATEWAY_HOST",
    )
    page_dir: Path | None = Field(
        None, description="folder of the page that the gateway serves; default the one that is built from web/"
    )
    page_origins: Origins = Field(
        (),
        description="origins, with commas, that the page may call beside the API and the store; default none",
    )
    cors_origins: Origins = Field(
        (), description="origins, with commas, whose pages may PUT to the store; default the gateway's own"
    )
    minio_public_endpoint: str = Field(
        "", description="host:port that presigned URLs name; default STORE_HOST:GATEWAY_PORT, else localhost:MINIO_PORT"
    )
    log_level: str = Field("INFO", description="least level the services log; default INFO")
    otlp_endpoint: str = Field(
        "off", pattern=r"^(off|https?://\S+)$", description="URL of a collector that takes traces, or off; default off"
    )
    traces_share: float = Field(
        1, ge=0, le=1, description="share of traces that is sampled, where there is a collector; default 1"
    )
    services: bool = Field(True, description="whether the services and the gateway run too; default true")
    without_services: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="services, with commas, that do not run; default none"
    )
    service_env: dict[str, str] = Field(
        default_factory=dict, description="more environment of every service, as JSON; default none"
    )
    fault_proxy_port: Port | None = Field(
        None,
        description="first of twenty ports of a proxy that makes faults, for tests: services and clients reach the "
        "servers through it alone; default none",
    )
    start_timeout_seconds: float = Field(
        120, gt=0, description="how long `up` waits for one stage of the stack to be healthy; seconds, default 120"
    )

    @field_validator("cors_origins", "page_origins", "without_services", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("cors_origins", "page_origins")
    @classmethod
    def _no_wildcard(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if "*" in origin:
                raise ValueError("a wildcard would let any page write to the store; name the origins")
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin, such as http://localhost:8080")
        return origins

    @field_validator("gateway_tls")
    @classmethod
    def _readable_files(cls, tls: str) -> str:
        if tls in {"off", "internal"}:
            return tls
        files = [Path(name).expanduser() for name in tls.split(":")]
        if len(files) != 2 or not all(file.is_file() for file in files):  # noqa: PLR2004 - certificate and key
            raise ValueError("is off, internal, or the files of a certificate and its key, with a colon between them")
        return ":".join(str(file.resolve()) for file in files)

    @field_validator("without_services")
    @classmethod
    def _only_services(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in names if name not in SERVICES]:
            raise ValueError(f"{unknown[0]!r} is no service; they are {', '.join(SERVICES)}")
        return names

    @field_validator("state_dir", "page_dir")
    @classmethod
    def _absolute(cls, folder: Path | None) -> Path | None:
        return None if folder is None else folder.expanduser().resolve()

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        ports = [*(getattr(self, name) for name in PORTS_OF_SERVERS), *self._fault_ports, *self._further_ports]
        inside = [port for port in ports if 0 < port - self.service_port_base < SERVICE_PORTS]
        if len(set(ports)) != len(ports) or inside:
            raise ValueError("two servers of the stack would share a port")
        if self.service_port_base + SERVICE_PORTS > 65535:  # noqa: PLR2004 - the ports there are
            raise ValueError("SERVICE_PORT_BASE leaves no room for the services' ports")
        return self

    @model_validator(mode="after")
    def _one_way_to_each(self) -> Self:
        if self.fault_proxy_port is not None and (self.brokers > 1 or self.standby):
            raise ValueError("a stack with a FAULT_PROXY_PORT has one broker and no standby")
        return self

    @property
    def _further_ports(self) -> list[int]:
        """Of the brokers after the first one, and of the standby."""
        first = (self.kafka_port, self.kafka_controller_port)
        kafka = [port + 2 * after for after in range(1, self.brokers) for port in first]
        return kafka + ([self.postgres_port + 1] if self.standby else [])

    @property
    def _fault_ports(self) -> range:
        first = self.fault_proxy_port
        return range(0) if first is None else range(first, first + FAULT_PORTS)

    @property
    def running_services(self) -> tuple[str, ...]:
        """The services that run."""
        return tuple(name for name in SERVICES if self.services and name not in self.without_services)

    @property
    def tls(self) -> bool:
        """Whether clients speak TLS to the gateway."""
        return self.gateway_tls != "off"

    @property
    def gateway_origin(self) -> str:
        """The gateway as clients call it."""
        return f"{_scheme(tls=self.tls)}://{self.gateway_host}:{self.gateway_port}"

    @property
    def store_behind_gateway(self) -> str | None:
        """The name under which the gateway passes requests on to the store, where it does.

        With TLS it does unless told otherwise: browsers that were told to use TLS for a host do so on all its ports.
        """
        if self.store_host is None and self.tls and not self.minio_public_endpoint:
            return f"store.{self.gateway_host}"
        return self.store_host

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may write to the store."""
        return self.cors_origins or (self.gateway_origin,)

    @property
    def public_endpoint(self) -> str:
        """host:port of the store as clients resolve it."""
        if self.minio_public_endpoint:
            return self.minio_public_endpoint
        name = self.store_behind_gateway
        return f"{name}:{self.gateway_port}" if name else f"localhost:{self.minio_port}"

    @property
    def store_is_behind_tls(self) -> bool:
        """Whether presigned URLs say https; of an endpoint that was named, MINIO_PUBLIC_SECURE of SERVICE_ENV tells."""
        named = self.service_env.get("MINIO_PUBLIC_SECURE", "")
        own = bool(self.minio_public_endpoint)
        return named.lower() in {"true", "1"} if own or named else self.tls and self.store_behind_gateway is not None

    @property
    def store_origin(self) -> str:
        """The store as pages call it."""
        return f"{_scheme(tls=self.store_is_behind_tls)}://{self.public_endpoint}"


def _scheme(*, tls: bool) -> str:
    return "https" if tls else "http"


def load_settings() -> StackSettings:
    """The settings the environment names. Raises StackError with one line that names the variable."""
    try:
        return StackSettings()
    except ValidationError as error:
        raise StackError(why(error)) from None
    except ValueError as error:
        raise StackError(f"the environment cannot be read: {error}") from None


def why(error: ValidationError) -> str:
    """In one line, and with the name of the variable where it is about one alone."""
    found = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in found["loc"]).upper() or "settings"
    return f"{name}: {found['msg'].removeprefix('Value error, ')}"
