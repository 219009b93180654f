"""The services: as many replicas of each as asked for, and one more that stands in where the only one is restarted."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from deploy.local.credentials import Credentials
from deploy.local.kafka_reach import kafka_environment
from deploy.local.layout import Layout
from deploy.local.postgres_nodes import url_for
from deploy.local.programs import Program
from deploy.local.rotation import others
from deploy.local.server_minio import BUCKET, REGION, check_url
from deploy.local.settings import PORTS_OF_A_SERVICE, SERVICES, StackSettings
from deploy.local.ways import port_for

CHECKOUT = Path(__file__).parents[2]
JWT_ISSUER = "docuvault"
JWT_AUDIENCE = "docuvault"
HAVE_CLIENTS = ("upload", "quota", "classifier")
"""Only these verify tokens, so only these get the key."""
CODE = ("services", "contracts/docuvault_contracts")
"""What the services are made of, below the checkout."""
_PYTHON = {"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}", "PYTHONUNBUFFERED": "1"}


def replicas(settings: StackSettings, credentials: Credentials, pythons: Mapping[str, Path]) -> tuple[Program, ...]:
    """The programs of all replicas of the services that run; `pythons` are their interpreters, by service."""
    if not settings.running_services:
        return ()
    code = {"DOCUVAULT_CODE": code_version()}  # another one makes another program of it, which `up` restarts
    made = [
        _replica(settings, credentials, pythons[service], service, number)
        for service in settings.running_services
        for number in range(1, settings.replicas + 1)
    ]
    return tuple(replace(one, environment={**code, **one.environment}) for one in made)


def service_port(settings: StackSettings, service: str, number: int) -> int:
    """The port replica `number` (from 1) of a service listens on."""
    return settings.service_port_base + SERVICES.index(service) * PORTS_OF_A_SERVICE + number


def _replica(settings: StackSettings, credentials: Credentials, python: Path, service: str, number: int) -> Program:
    port = service_port(settings, service, number)
    return Program(
        name=f"{service}-{number}",
        command=(str(python), "-m", f"services.{service}"),
        ports={"SERVICE_PORT_BASE": port},
        check=lambda: check_url(f"http://127.0.0.1:{port}/readyz"),
        environment={
            **_PYTHON,
            "REPLICA": str(number),
            "HTTP_PORT": str(port),
            "HTTP_HOST": "127.0.0.1",
            **service_environment(settings, credentials, service),
            **settings.service_env,
        },
    )


def spare(layout: Layout, only: Program, service: str) -> Program:
    """What takes the requests of a service's only replica while that is restarted.

    It listens on a socket in the stack's own folder: a port that is free most of the time could be anybody's.
    """
    socket = layout.spare_socket(service)
    return replace(
        only,
        name=f"{service}-spare",
        ports={},
        check=lambda: check_url("http://localhost/readyz", socket=socket),
        environment={**only.environment, "REPLICA": "spare", "HTTP_SOCKET": str(socket)},
    )


def code_version() -> str:
    """A hash of the services' code: processes that run another are outdated."""
    digest = hashlib.sha256()
    for folder in CODE:
        for path in sorted((CHECKOUT / folder).rglob("*")):
            if path.is_file() and path.parent.name != "__pycache__":
                digest.update(f"{path.relative_to(CHECKOUT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def command_environment(settings: StackSettings, credentials: Credentials, service: str) -> Mapping[str, str]:
    """The whole environment of a service's command line, `python -m services.<service> <command>`."""
    return {
        **_PYTHON,
        "PATH": os.defpath,
        "REPLICA": "command",
        "DATABASE_STARTUP_WAIT_SECONDS": "2",  # a person waits, who is told at once that it is away
        **service_environment(settings, credentials, service),
        **settings.service_env,
    }


def service_environment(settings: StackSettings, credentials: Credentials, service: str) -> Mapping[str, str]:
    """The settings of a service, as its environment: its own role, its own key, nothing of another's."""
    return {
        "LOG_LEVEL": settings.log_level,
        **(_traces(settings) if settings.otlp_endpoint != "off" else {}),
        "DATABASE_URL": url_for(settings, service, credentials.logins[service], credentials.database[service]),
        **kafka_environment(settings, credentials, service),
        **(_tokens(settings, credentials) if service in HAVE_CLIENTS else {}),
        **(settings.sign_in_environment if service == "upload" else {}),
        **({"LLM_KEY_SECRETS": fernet_keys(credentials)} if service == "classifier" else {}),
        **(_store(settings, credentials, service) if service in credentials.store else {}),
    }


def _traces(settings: StackSettings) -> Mapping[str, str]:
    """On one's own machine nobody has to be limited."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": settings.otlp_endpoint,
        "OTEL_TRACES_SAMPLER_ARG": str(settings.traces_share),
        "TRACES_OF_CLIENTS_PER_SECOND": "1000",
    }


def _tokens(settings: StackSettings, credentials: Credentials) -> Mapping[str, str]:
    if provided := settings.provider_environment:
        return provided
    other = other_jwt_secret(credentials)
    also = {"JWT_SECRET_ALSO": other} if other else {}
    return {"JWT_SECRET": credentials.jwt_secret, **also, "JWT_ISSUER": JWT_ISSUER, "JWT_AUDIENCE": JWT_AUDIENCE}


def other_jwt_secret(credentials: Credentials) -> str:
    """Whose tokens are good, too, while the secret is changed; empty where it is not."""
    other = others(credentials, "jwt").get("")
    return "" if other is None else other.secret


def fernet_keys(credentials: Credentials) -> str:
    """The key that users' keys are encrypted with, and the other one while it is changed."""
    return ",".join((credentials.llm_key_secret, *(pair.secret for pair in others(credentials, "fernet").values())))


def _store(settings: StackSettings, credentials: Credentials, service: str) -> dict[str, str]:
    return {
        "MINIO_ENDPOINT": f"127.0.0.1:{port_for(settings, service, 'minio')}",
        "MINIO_PUBLIC_ENDPOINT": settings.public_endpoint,
        "MINIO_SECURE": "false",
        "MINIO_PUBLIC_SECURE": str(settings.store_is_behind_tls).lower(),
        "MINIO_REGION": REGION,
        "MINIO_BUCKET": BUCKET,
        "MINIO_ACCESS_KEY": credentials.access_keys[service],
        "MINIO_SECRET_KEY": credentials.store[service],
    }
