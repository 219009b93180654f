"""The container that sets up roles, topics, bucket, keys and notifications, and ends.

It does what `make up` of the embedded stack does, at every start. Its secret `secrets.json` has all passwords: nothing
else of the stack is given that. With SECURE=true the servers speak TLS, and Kafka's accounts are made, too. With an
argument it does something else for who has nothing but the images:

    secrets                       prints the secrets of a new stack, as a JSON object by the names of compose.yml
    register <user> [<bytes>]     makes a user known, with a limit, and prints a token, as {"user": …, "token": …}
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from deploy.access import OPERATORS
from deploy.containers.patience import until_done
from deploy.containers.secrets import secrets_of
from deploy.local.credentials import Credentials, ensure_credentials, load_credentials
from deploy.local.errors import StackError
from deploy.local.info import StackInfo
from deploy.local.kafka_reach import account_environment, reach
from deploy.local.layout import Layout
from deploy.local.server_minio import BUCKET, REGION
from deploy.local.settings import load_settings
from deploy.local.settings_guests import GuestSettings
from deploy.local.setup_kafka import setup_kafka
from deploy.local.setup_minio import setup_minio
from deploy.local.setup_postgres import setup_postgres
from deploy.ops.users import access_token, register

Endpoint = Annotated[str, Field(pattern=r"^[^:]+:[0-9]+$")]


class Settings(GuestSettings):
    """Where the servers are, and how spoken to, each from the environment variable of its name."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)

    secrets_dir: Path = Field(Path("/run/secrets"), description="folder of secrets.json; default /run/secrets")
    postgres_endpoint: Endpoint = Field("postgres:5432", description="host:port; default postgres:5432")
    kafka_endpoint: Endpoint = Field("kafka:9092", description="host:port; default kafka:9092")
    quota_endpoint: Endpoint = Field("quota:8080", description="host:port, for `register`; default quota:8080")
    minio_endpoint: Endpoint = Field("minio:9000", description="host:port; default minio:9000")

    @property
    def authority(self) -> Path | None:
        """Who signed the servers' certificates, where they speak TLS."""
        return self.secrets_dir / "ca.crt" if self.secure else None

    def kafka_environment(self, credentials: Credentials) -> dict[str, str]:
        """How operators reach Kafka from here."""
        where = {"KAFKA_BOOTSTRAP_SERVERS": self.kafka_endpoint}
        return where if self.authority is None else where | account_environment(self.authority, credentials, OPERATORS)


async def set_up(settings: Settings) -> None:
    """All three servers at once. Raises what their clients raise."""
    credentials = load_credentials(Layout(settings.secrets_dir))
    postgres, minio = map(_parts, (settings.postgres_endpoint, settings.minio_endpoint))
    await asyncio.gather(
        setup_postgres(postgres[1], credentials, postgres[0], settings.authority),
        _set_up_kafka(settings, credentials),
        setup_minio(minio[1], credentials, minio[0]),
    )


async def _set_up_kafka(settings: Settings, credentials: Credentials) -> None:
    environment = settings.kafka_environment(credentials)
    await setup_kafka(reach(environment))  # which is tried again where Kafka answers nobody yet
    if settings.secure:
        from deploy.local.setup_accounts import setup_accounts  # noqa: PLC0415 - a library only such a stack needs

        await asyncio.to_thread(setup_accounts, environment, credentials, settings.guests)


def _parts(endpoint: str) -> tuple[str, int]:
    host, _, port = endpoint.rpartition(":")
    return host, int(port)


async def main() -> None:
    """Tries until it is done. Raises StackError."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    await until_done(partial(set_up, Settings()))


def new_secrets() -> str:
    """The secrets of a new stack, as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        asked = load_settings()
        credentials = ensure_credentials(layout, asked.kafka_guests)
        made = secrets_of(layout, credentials, asked)
    return json.dumps(dict(made))


async def registered(settings: Settings, user: UUID, limit_bytes: int | None) -> str:
    """A user with a quota, and a token, as JSON. Raises StackError."""
    credentials = load_credentials(Layout(settings.secrets_dir))
    info = StackInfo(
        gateway_url=f"http://{settings.quota_endpoint}",  # which the network of data leads to, and which tells quotas
        minio_url=f"http://{settings.minio_endpoint}",
        minio_endpoint=settings.minio_endpoint,
        minio_public_endpoint=settings.minio_endpoint,
        minio_region=REGION,
        bucket=BUCKET,
        kafka_environment=settings.kafka_environment(credentials),
        cors_origins=(),
        service_urls={},
        fault_proxy_url="",
        databases={},
        store_keys={},
        jwt_secret=credentials.jwt_secret,
    )
    await register(info, user, limit_bytes)
    return json.dumps({"user": str(user), "token": access_token(info, user)})


def run(arguments: Sequence[str]) -> str:
    """What is printed. Raises StackError."""
    match arguments:
        case ["secrets"]:
            return new_secrets()
        case ["register", user, *limit]:
            return asyncio.run(registered(Settings(), UUID(user), int(limit[0]) if limit else None))
        case []:
            asyncio.run(main())
            return ""
        case _:
            raise StackError("takes nothing, or `secrets`, or `register <user> [<bytes>]`")


if __name__ == "__main__":
    try:
        print(run(sys.argv[1:]), end="")  # noqa: T201 - the answer
    except (StackError, ValueError) as error:
        sys.exit(f"setup: {error}")
