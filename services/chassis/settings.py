"""Settings, one frozen model per concern; a service composes what it needs and builds its model once, at start.

    class Settings(ServiceSettings, HttpSettings, TokenSettings, DatabaseSettings):
        service_name: ClassVar[str] = "quota"
        http_port: int = 18120

Each field is read from the environment variable of its own name, upper-cased: `database_url` is DATABASE_URL.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self, TypeVar

from pydantic import DirectoryPath, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableVariable

from services.chassis.auth_subject import SubjectRule
from services.chassis.settings_kafka import KafkaAccessSettings
from services.chassis.settings_tracing import TracingSettings
from services.chassis.settings_types import (
    EMPTY_IS_NONE,
    Endpoint,
    EndpointOrEmpty,
    HmacSecret,
    HttpUrl,
    NonEmpty,
    NonEmptySecret,
    PostgresUrl,
    Seconds,
)

S = TypeVar("S", bound="Settings")


class SettingsError(Exception):
    """The environment does not make a configuration; the message is one line, names the variables, shows no value."""


def load(model: type[S]) -> S:
    """Builds `model` from the environment and, where SECRETS_DIR names a folder, from its files. Raises SettingsError.

    A file is named as the variable is, in lower case, and a variable of the environment goes before it.
    """
    try:
        return model(_secrets_dir=_Secrets().secrets_dir)
    except OSError as error:
        raise SettingsError(f"a file of SECRETS_DIR cannot be read: {error}") from None
    except ValidationError as error:
        raise SettingsError(_reason(error)) from None
    except UnreadableVariable as error:
        raise SettingsError(" ".join(str(error).split())) from None


def _reason(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, found['loc'])).upper() or 'settings'}: {' '.join(found['msg'].split())}"
        for found in error.errors(include_url=False, include_input=False, include_context=False)
    )


class Settings(BaseSettings):
    """What all settings share: frozen, and an error never shows the value it is about."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=True)


class _Secrets(Settings):
    """Where secrets are that no environment shows, as `docker inspect` and /proc show one's."""

    secrets_dir: Annotated[DirectoryPath | None, EMPTY_IS_NONE] = Field(
        None, description="folder of files with secret settings, such as /run/secrets; default none"
    )


class ServiceSettings(Settings, TracingSettings):
    """Who is running, and where its spans go. `service_name` is fixed by each service."""

    service_name: ClassVar[str] = "service"
    replica: NonEmpty = Field("1", description="which of several replicas this is; any name, default 1")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least level that is logged, default INFO"
    )
    failpoints_dir: Annotated[DirectoryPath | None, EMPTY_IS_NONE] = Field(
        None, description="folder of the files that stop this process at a failpoint; for tests alone, default none"
    )


class DatabaseSettings(Settings):
    """PostgreSQL. The role of `database_url` owns one schema, which its search_path names."""

    database_url: PostgresUrl = Field(
        description="postgresql://role:password@host:port/database, with ?sslmode=verify-full&sslrootcert=<file> where "
        "the server speaks TLS; required"
    )
    database_pool_size: int = Field(10, ge=1, le=100, description="most connections of one replica, default 10")
    database_startup_wait_seconds: Seconds = Field(
        30, description="how long a start waits for the database before it fails; seconds, default 30"
    )
    database_connect_timeout_seconds: Seconds = Field(
        5, description="longest attempt to connect, or wait for a free connection; seconds, default 5"
    )
    database_statement_timeout_seconds: Seconds = Field(
        10, description="longest run of one statement; seconds, default 10"
    )
    database_idle_transaction_timeout_seconds: Seconds = Field(
        15, description="longest silence inside a transaction before the server ends it; seconds, default 15"
    )
    migrate: Literal["start", "never"] = Field(
        "start",
        description="who brings the schema up to date: start, each replica as it starts; never, somebody else, who is"
        " waited for; default start",
    )
    schema_wait_seconds: Seconds = Field(
        240, description="how long a start waits for somebody else's migrations; seconds, default 240"
    )


class KafkaSettings(Settings, KafkaAccessSettings):
    """Kafka, for producers and consumers."""

    kafka_request_timeout_seconds: Seconds = Field(
        10, description="longest wait for one answer of the broker; seconds, default 10"
    )
    kafka_publish_timeout_seconds: Seconds = Field(
        20, description="longest wait for the acks of a publish with its retries; seconds, default 20"
    )
    kafka_session_timeout_seconds: Seconds = Field(
        15, description="silence after which a consumer's partitions go to another replica; seconds, default 15"
    )
    kafka_max_batch: int = Field(500, ge=1, le=10_000, description="most records handled at once, default 500")
    kafka_fetch_bytes: int = Field(
        8 * 1024 * 1024,
        ge=64 * 1024,
        le=256 * 1024 * 1024,
        description="most bytes of one answer of a broker, but for a record that is larger; default 8388608",
    )
    kafka_stop_timeout_seconds: Seconds = Field(
        10, description="longest wait for a client to stop, brokers may be away; seconds, default 10"
    )
    kafka_dead_letter_limit: int = Field(
        1000, ge=0, description="dead letters of one replica in the window before it halts; 0 is no limit, default 1000"
    )
    kafka_dead_letter_window_seconds: Seconds = Field(
        600, description="window in which the budget of dead letters refills; seconds, default 600"
    )
    kafka_stuck_after_seconds: Seconds = Field(
        120, description="a lag that grows this long without a commit ends the process; seconds, default 120"
    )


class StorageSettings(Settings):
    """The object store: one endpoint for our own calls, one that clients resolve and presigned URLs name."""

    minio_endpoint: Endpoint = Field("localhost:9000", description="host:port for our calls; default localhost:9000")
    minio_public_endpoint: EndpointOrEmpty = Field(
        "localhost:9000", description='host:port in presigned URLs; default localhost:9000, "" is minio_endpoint'
    )
    minio_secure: bool = Field(False, description="TLS for our calls, default false")
    minio_public_secure: bool = Field(False, description="https in presigned URLs, default false")
    minio_region: NonEmpty = Field("us-east-1", description="region signed for, never asked for; default us-east-1")
    minio_bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] = Field(
        "documents", description="bucket of all documents, default documents"
    )
    minio_access_key: NonEmpty = Field(description="access key of this service's own policy; required")
    minio_secret_key: NonEmptySecret = Field(description="its secret; required")
    minio_connect_timeout_seconds: Seconds = Field(2, description="longest attempt to connect; seconds, default 2")
    minio_timeout_seconds: Seconds = Field(
        10, description="longest call with its retries, and longest silence while bytes stream; seconds, default 10"
    )

    @property
    def public_endpoint(self) -> str:
        """host:port that presigned URLs name."""
        return self.minio_public_endpoint or self.minio_endpoint


class HttpSettings(Settings):
    """The HTTP server of a service."""

    http_host: NonEmpty = Field("127.0.0.1", description="address to listen on, default 127.0.0.1")
    http_port: int = Field(ge=0, le=65535, description="port to listen on, 0 is any free one; required")
    http_socket: Annotated[Path | None, EMPTY_IS_NONE] = Field(
        None, description="path of a socket to listen on instead of host and port; default none"
    )
    request_timeout_seconds: Seconds = Field(
        5, description="longest handling of a request whose route names no time of its own; seconds, default 5"
    )
    max_body_bytes: int = Field(65_536, ge=1, description="largest body of a request; bytes, default 65536")
    ready_timeout_seconds: Seconds = Field(2, description="longest check of one dependency; seconds, default 2")
    shutdown_grace_seconds: Seconds = Field(
        12, description="how long requests in flight may take to finish at a stop; seconds, default 12"
    )


class SigningSettings(Settings):
    """How many presigned URLs one caller may ask one process for."""

    signing_per_second: float = Field(
        100, gt=0, le=1_000_000, description="URLs a second of one caller and process, for good; default 100"
    )
    signing_burst: int = Field(
        600, ge=100, le=1_000_000, description="URLs at once, of one that asked for none before; default 600"
    )


class TokenSettings(Settings):
    """Who may call: exactly one of a shared HS256 secret and a JWKS URL."""

    jwt_secret: Annotated[HmacSecret | None, EMPTY_IS_NONE] = Field(
        None, description="HS256 secret of at least 32 bytes; default none"
    )
    jwt_secret_also: Annotated[HmacSecret | None, EMPTY_IS_NONE] = Field(
        None,
        description="a second HS256 secret, whose tokens are good, too, while the first is changed; default none",
    )
    jwt_jwks_url: Annotated[HttpUrl | None, EMPTY_IS_NONE] = Field(
        None,
        description="URL of the issuer's JWK set (RS256, ES256, EdDSA), or of its OpenID configuration, which names it;"
        " default none",
    )
    jwt_issuer: NonEmpty = Field("docuvault", description="the iss a token must carry, default docuvault")
    jwt_audience: NonEmpty = Field("docuvault", description="the aud a token must carry, default docuvault")
    jwt_subject: SubjectRule = Field(
        "uuid",
        description="what makes a user's id of a sub: uuid, it is one; derived, UUIDv5 of issuer and sub, whatever sub"
        " is; default uuid",
    )
    jwt_leeway_seconds: float = Field(5, ge=0, le=300, description="clock skew forgiven; seconds, default 5")
    jwt_jwks_max_age_seconds: Seconds = Field(
        300, description="age at which the keys are fetched again; seconds, default 300"
    )
    jwt_jwks_min_interval_seconds: Seconds = Field(
        10, description="least time between two fetches, whatever unknown kids come; seconds, default 10"
    )
    jwt_jwks_timeout_seconds: Seconds = Field(3, description="longest fetch of the keys; seconds, default 3")

    @model_validator(mode="after")
    def _one_family(self) -> Self:
        if (self.jwt_secret is None) == (self.jwt_jwks_url is None):
            raise ValueError("set exactly one of JWT_SECRET and JWT_JWKS_URL")
        if self.jwt_secret is None and self.jwt_secret_also is not None:
            raise ValueError("JWT_SECRET_ALSO goes with JWT_SECRET: an issuer's keys are changed at the issuer")
        return self

    @model_validator(mode="after")
    def _own_tokens_name_users(self) -> Self:
        if self.jwt_subject == "derived" and self.jwt_jwks_url is None:
            raise ValueError("JWT_SUBJECT may be derived for an issuer's tokens alone: set JWT_JWKS_URL")
        return self
