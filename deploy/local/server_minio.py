"""MinIO: the object store and its notification target, one with a queue on disk (DESIGN.md, section 3)."""

from __future__ import annotations

import sys
from pathlib import Path

import aiohttp
from docuvault_contracts.topics import STORAGE_EVENTS

from deploy.local.credentials import Credentials, store_key
from deploy.local.layout import Layout, write_private
from deploy.local.programs import Program
from deploy.local.settings import StackSettings
from deploy.local.ways import bootstrap_for

REGION = "us-east-1"
BUCKET = "documents"
TARGET = "DOCUVAULT"
TARGET_ARN = f"arn:minio:sqs:{REGION}:{TARGET}:kafka"
QUEUE_LIMIT = 1_000_000
"""Notifications kept on disk while Kafka is away; above it they would be lost."""

STALE_UPLOADS_EXPIRY = "192h"
"""MinIO's own removal of parts, the last net: later than the janitor's for the longest MULTIPART_DAYS, which is 7."""

ENTRY = Path(__file__).parents[1] / "images" / "entry" / "minio.py"
"""What mends the queue before each start."""

CHECK_TIMEOUT = aiohttp.ClientTimeout(total=3)


def minio(layout: Layout, settings: StackSettings, credentials: Credentials, binary: Path) -> Program:
    """The program; where Kafka is secure its folder must be prepared."""
    folder = layout.state / "minio"
    address = f"127.0.0.1:{settings.minio_port}"
    return Program(
        name="minio",
        command=(
            *(sys.executable, "-I", "-S", str(ENTRY)),
            *(str(binary), "server", "--quiet", "--json", "--certs-dir", str(_certificates(layout))),
            *("--address", address, str(folder / "data")),
        ),
        ports={"MINIO_PORT": settings.minio_port},
        check=lambda: check_url(f"http://{address}/minio/health/cluster"),
        environment=_environment(layout, settings, credentials),
    )


def _environment(layout: Layout, settings: StackSettings, credentials: Credentials) -> dict[str, str]:
    return {
        "MINIO_ROOT_USER": store_key("root"),
        "MINIO_ROOT_PASSWORD": credentials.store["root"],
        "MINIO_SITE_REGION": REGION,
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        "MINIO_API_SYNC_EVENTS": "on",
        # Else a PUT in the 30 to 150 ms after a start is taken before the bucket's notifications are, and tells nobody.
        "MINIO_SYNC_BOOT": "on",
        "MINIO_API_STALE_UPLOADS_EXPIRY": STALE_UPLOADS_EXPIRY,
        "MINIO_API_CORS_ALLOW_ORIGIN": ",".join(settings.origins),
        f"MINIO_NOTIFY_KAFKA_ENABLE_{TARGET}": "on",
        f"MINIO_NOTIFY_KAFKA_BROKERS_{TARGET}": bootstrap_for(settings, "store"),
        f"MINIO_NOTIFY_KAFKA_TOPIC_{TARGET}": STORAGE_EVENTS.name,
        f"MINIO_NOTIFY_KAFKA_QUEUE_DIR_{TARGET}": str(layout.untold),
        f"MINIO_NOTIFY_KAFKA_QUEUE_LIMIT_{TARGET}": str(QUEUE_LIMIT),
        **_kafkas_account(settings, credentials),
    }


def _kafkas_account(settings: StackSettings, credentials: Credentials) -> dict[str, str]:
    told = {
        "TLS": "on",
        "SASL": "on",
        "SASL_MECHANISM": "sha512",
        "SASL_USERNAME": credentials.kafka_users["store"],
        "SASL_PASSWORD": credentials.kafka["store"],
    }
    return {f"MINIO_NOTIFY_KAFKA_{name}_{TARGET}": value for name, value in told.items()} if settings.secure else {}


def prepare_minio(layout: Layout, settings: StackSettings) -> None:
    """Shows it whom to trust. What is not here it makes itself."""
    trusted = _certificates(layout) / "CAs"
    if settings.secure:
        trusted.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(trusted / "docuvault.crt", layout.trusted.read_text())


def _certificates(layout: Layout) -> Path:
    return layout.state / "minio" / "certs"


async def check_url(url: str, *, socket: Path | None = None, name: str | None = None) -> None:
    """Raises unless a GET of `url`, by way of a socket where one is named, answers 200; `name` is who TLS asks for.

    Nothing secret goes there, and it is this machine: a certificate is not looked at.
    """
    connector = None if socket is None else aiohttp.UnixConnector(str(socket))
    async with (
        aiohttp.ClientSession(connector=connector, timeout=CHECK_TIMEOUT) as session,
        session.get(url, ssl=False, server_hostname=name) as response,
    ):
        response.raise_for_status()
